"""Where entries come from: feeds, sitemaps, folders, lists of feeds. Siblings that do not know each other."""

"""What thinks and touches nothing: functions of values that return what they decided, and why."""

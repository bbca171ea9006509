"""The words that sites of many countries use for their own furniture: 'Comments', 'Leggi anche', 関連記事. Pure; numpy.

A block of 'Newsletter abonnieren' is known for what it is by somebody who has never read German news: each word
below belongs to a kind of furniture, whatever its language. They are the general words of interfaces, no site's
phrases. A sign decides nothing: the model weighs it among all else, so that a paragraph about cookies stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.stages.clean.tokens import WITHOUT_BLANKS, Tokens

# Words; two that must stand together have '_' between them.
_SIGNS = {
    "share": """
        share sharing teilen weiterleiten partager partagez compartir comparte compartilhar compartilhe partilhar
        condividi condividere jaa udostępnij sdílet zdieľať megosztás megosztom megoszt distribuie распредели
        сподели поделиться поделитесь поширити поділитися podeli podijeli κοινοποίηση μοιραστείτε paylaş paylaşın
        شارك مشاركة اشتراک شیئر שתף שתפו שיתוף शेयर साझा শেয়ার பகிர் chia_sẻ bagikan kongsi facebook twitter whatsapp
        telegram linkedin instagram pinterest reddit tiktok youtube viber messenger bluesky mastodon threads
        flipboard xing vk фейсбук твиттер телеграм فيسبوك تويتر واتساب واتس تلگرام פייסבוק वाट्सएप फेसबुक follow
        folgen follow_us suivez síguenos siga_nos seguici volg_ons följ_oss følg_oss seuraa obserwuj sledujte kövess
        urmărește последвайте подписывайтесь takip تابعنا تابعونا ikuti シェア 分享 공유 แชร์ フォロー 关注 關注
        jaga dalīties dalintis comparteix ndaje bölüş бөлісу გაზიარება կիսվել ibahagi शेयर_करें साझा_करें
    """,
    "subscribe": """
        newsletter newsletters subscribe subscribed subscriber subscribers subscription subscriptions unsubscribe
        inbox abonnieren abo abonnement abonnements abonnenten abonnez abonner abonnés suscríbete suscribirse
        suscripción suscripciones suscriptores boletín boletines assine assinar assinatura assinante assinantes
        inscreva iscriviti abbonati abbonamento abbonamenti abonneer abonnee nieuwsbrief prenumerera prenumerant
        nyhetsbrev abonnent nyhedsbrev tilaa tilaaja uutiskirje prenumerata subskrybuj subskrypcja předplatné
        predplatné odebírat odber feliratkozás feliratkozom hírlevél előfizetés előfizetek abonează abonare
        abonament абонирай абонамент бюлетин подпишитесь подписка подписаться рассылка рассылку підписатися підписка
        підпишіться pretplata pretplatite naročite συνδρομή συνδρομητές εγγραφείτε abone abonelik bülten bültenimize
        اشترك اشتراكات النشرة نشرتنا خبرنامه הירשמו מינוי ניוזלטר सब्सक्राइब đăng_ký berlangganan langganan メルマガ
        ニュースレター 購読 有料会員 订阅 訂閱 구독 뉴스레터 สมัครรับ uudiskiri telli tellige abonē jaunumu
        prenumeruokite naujienlaiškis subscriu butlletí suscríbase naročnina pretplati
        ნიუსლეთერი
    """,
    "account": """
        login logout log_in log_out sign_in sign_up signup signin register registered password username account
        anmelden abmelden registrieren einloggen passwort benutzername connexion connectez identifiez inscription
        inscrivez iniciar_sesión regístrate registrarse contraseña iniciar cadastre cadastro senha accedi registrati
        accesso inloggen registreren wachtwoord logga_in lösenord logg_inn log_ind kirjaudu rekisteröidy zaloguj
        zarejestruj hasło logowanie přihlásit přihlášení registrovat prihlásiť bejelentkezés regisztráció
        regisztrálj autentificare conectare вход регистрация войти зарегистрироваться пароль увійти реєстрація
        prijava registracija σύνδεση εγγραφή giriş_yap üye şifre تسجيل دخول الدخول ورود ثبت_نام התחבר התחברות הרשמה
        लॉगिन đăng_nhập masuk daftar ログイン 会員登録 新規登録 登录 登入 注册 註冊 로그인 회원가입 เข้าสู่ระบบ
        logi_sisse pieslēgties prisijungti registruokis inicia_sessió hyr_në daxil_ol
    """,
    "comments": """
        comments comment commented commenting reply replies disqus kommentare kommentar antworten commentaires
        commentaire répondre comentarios comentario comentar comentários comentário commenti commento commenta
        rispondi reacties reageren reactie kommentarer kommentera kommentér svar kommentit kommentoi komentarze
        komentarz skomentuj odpowiedz komentáře komentář diskuse diskuze diskusia hozzászólás hozzászólások komment
        kommentek comentarii comentariu коментари коментар комментарии комментарий комментариев комментировать
        ответить обсуждение коментарі коментувати komentari komentar komentara σχόλια σχόλιο yorum yorumlar
        yorumları تعليق تعليقات تعليقك التعليقات نظر نظرات دیدگاه تبصرہ תגובה תגובות टिप्पणी टिप्पणियाँ মন্তব্য கருத்து
        bình_luận コメント 评论 評論 留言 发表评论 댓글 ความคิดเห็น kommentaarid kommentaar komentāri komentarai
        comentaris komente komentet şərhlər şərh пікірлер пікір კომენტარები մեկնաբանություններ maoni komento
        leserkommentare leave_a leave_comment post_comment diskutieren
    """,
    "related": """
        related recommended recommendations read_more read_next read_also also_read more_from more_on see_also
        check_also you_may you_might further_reading weiterlesen weiterführende mehr_zum mehr_zu mehr_aus lesen_sie
        auch_interessant auch_lesen empfohlen empfehlungen verwandte ähnliche lire_aussi lire_la similaires
        recommandés recommandé voir_aussi relacionados relacionadas relacionado relacionada te_puede puede_interesar
        lea_también lee_también leer_más recomendados recomendado recomendamos ver_también leia_também leia_mais
        veja_também saiba_mais correlati leggi_anche leggi_tutto potrebbe_interessarti potrebbe_interessare
        consigliati approfondimenti lees_ook lees_verder lees_meer aanbevolen gerelateerde läs_också läs_mer
        läs_även relaterade les_også les_mer les_mere læs_også læs_mere anbefalt relaterte lue_myös lue_lisää
        katso_myös suosittelemme czytaj_także czytaj_też czytaj_więcej czytaj_dalej zobacz_także zobacz_też
        zobacz_również polecane polecamy powiązane čtěte_také čtěte_více související mohlo_by přečtěte súvisiace
        prečítajte čítajte kapcsolódó olvassa_el olvasd_el ajánljuk ajánló citește_și citeşte_şi vezi_și
        articole_similare прочетете_още прочети_още вижте_още свързани читайте_также читайте_еще читайте_ещё
        смотрите_также похожие материалы_по по_теме рекомендуем читать_далее читайте_також дивіться_також схожі
        читати_далі pročitajte povezane povezano vezane pročitaj_još preberite_tudi διαβάστε_επίσης
        διαβάστε_περισσότερα σχετικά_άρθρα ilgili_haberler ilgili_haber ayrıca_bakınız devamını_oku bunlar_da
        اقرأ_أيضا اقرأ_أيضاً إقرأ_أيضا ذات_صلة المزيد_من موضوعات مقالات_ذات بیشتر_بخوانید مطالب_مرتبط اخبار_مرتبط
        קראו_גם קראו_עוד עוד_בנושא כתבות_נוספות यह_भी ये_भी भी_पढ़ें संबंधित আরও_পড়ুন مزید_پڑھیں மேலும்_படிக்க xem_thêm
        đọc_thêm tin_liên liên_quan baca_juga baca_selengkapnya terkait lihat_juga soma_zaidi soma_pia 関連記事
        関連ニュース 関連する 関連キーワード あわせて読みたい 続きを読む おすすめ 相关阅读 相关新闻 相关文章
        相关链接 推荐阅读 延伸阅读 延伸閱讀 相關新聞 相關文章 更多新聞 更多新闻 관련기사 관련뉴스 추천 อ่านเพิ่มเติม
        ข่าวที่เกี่ยวข้อง อ่านต่อ loe_ka loe_edasi loe_veel lasi_arī lasiet_arī lasīt_vairāk skaitykite_taip
        skaityti_daugiau susiję llegeix_també lexo_gjithashtu lexo_më həmçinin_oxu oxuyun ayrıca_oku тағы_оқыңыз
        წაიკითხეთ_ასევე basahin keep_reading continue_reading in_case what_to related_articles related_stories
        noticias_relacionadas mehr_dazu mehr_lesen zum_thema sur_le dans_le à_découvrir te_recomendamos
        notícias_relacionadas articoli_correlati
    """,
    "popular": """
        most_read most_popular most_viewed trending popular latest_news latest recent_posts top_stories breaking
        meistgelesen meistgelesene meistgelesenen neueste aktuelle_nachrichten beliebt beliebteste plus_lus
        populaires dernières_actualités más_leídas más_leído más_leídos más_vistas últimas_noticias lo_último
        mais_lidas mais_vistas últimas_notícias più_letti più_lette più_letto ultime_notizie meest_gelezen populair
        laatste_nieuws mest_läst mest_lästa senaste_nytt mest_lest mest_leste siste_nytt mest_læst mest_læste
        luetuimmat uusimmat najczęściej_czytane najpopularniejsze popularne najnowsze nejčtenější najčítanejšie
        nejnovější legolvasottabb legfrissebb legnépszerűbb cele_mai най_четени най_новото самое_читаемое популярное
        популярные последние_новости главные_новости популярні останні_новини найчитаніші najčitanije najnovije
        najbolj_brano δημοφιλή τελευταία_νέα ροή_ειδήσεων çok_okunan çok_okunanlar son_dakika الأكثر_قراءة
        الأكثر_مشاهدة آخر_الأخبار پربازدیدترین آخرین_اخبار הנקראות_ביותר הנצפות सबसे_ज्यादा ताज़ा_खबरें সর্বাধিক_পঠিত
        đọc_nhiều xem_nhiều tin_mới terpopuler terbaru ランキング 新着 热门 熱門 最新消息 最新新闻 最新文章 많이_본
        ยอดนิยม ข่าวล่าสุด loetumad lasītākais skaitomiausi més_llegit më_të ən_çox must_read editors_picks featured
        hot_topics
    """,
    "advert": """
        advertisement advertisements advertise advertising advertiser sponsored sponsor promoted anzeige anzeigen
        werbung gesponsert publicité publicités sponsorisé publicidad patrocinado publicidade pubblicità
        sponsorizzato advertentie advertenties gesponsord reklam annons annonser annonse annonsørinnhold sponset
        sponsoreret mainos mainokset reklama reklamy sponsorowany inzerce inzerát hirdetés hirdetések publicitate
        реклама рекламни рекламе рекламодателям спонсор oglas oglasi sponzorirano διαφήμιση χορηγούμενο reklamlar
        إعلان إعلانات اعلان تبلیغات آگهی פרסומת פרסום विज्ञापन বিজ্ঞাপন اشتہار விளம்பரம் quảng_cáo iklan tangazo 広告
        スポンサー 廣告 广告 광고 โฆษณา reklaam reklāma publicitat reklamë жарнама რეკლამა գովազդ matangazo
        affiliate commission werbehinweis anzeigenmarkt
    """,
    "legal": """
        cookie cookies privacy gdpr ccpa copyright consent disclaimer terms_of terms_and rights_reserved all_rights
        datenschutz datenschutzerklärung datenschutzhinweise impressum agb nutzungsbedingungen einwilligung widerruf
        confidentialité mentions_légales droits_réservés consentement privacidad aviso_legal derechos_reservados
        privacidade direitos_reservados termos_de diritti_riservati riproduzione_riservata informativa privacybeleid
        voorwaarden auteursrecht kakor integritetspolicy personuppgifter upphovsrätt personvern informasjonskapsler
        personvernerklæring privatlivspolitik persondata evästeet tietosuoja tietosuojaseloste prywatności regulamin
        zastrzeżone ciasteczka osobních_údajů vyhrazena osobných_údajov adatvédelem adatvédelmi jog_fenntartva sütik
        szerzői confidențialitate drepturile_rezervate поверителност бисквитки запазени конфиденциальности
        права_защищены перепечатка файлы_cookie конфіденційності захищені kolačići pridržana zadržana privatnosti
        piškotki απορρήτου προσωπικών_δεδομένων δικαιώματα gizlilik çerez çerezler kvkk saklıdır الخصوصية محفوظة
        ملفات_تعريف محفوظ حریم_خصوصی פרטיות זכויות_יוצרים שמורות गोपनीयता सर्वाधिकार গোপনীয়তা bảo_mật bản_quyền
        privasi hak_cipta プライバシー 利用規約 著作権 無断転載 個人情報 隐私 隱私 版权所有 版權所有 个人信息
        免责声明 개인정보 저작권 무단전재 ความเป็นส่วนตัว สงวนลิขสิทธิ์ คุกกี้ privaatsus küpsised privātuma sīkdatnes
        privatumo slapukai privacitat privatësisë məxfilik құпиялылық kebijakan_privasi ketentuan syarat
        perlindungan
    """,
    "navigation": """
        menu home homepage search sitemap contact contact_us about_us faq skip_to archive archives startseite suche
        kontakt über_uns navigation inhalt hauptinhalt accueil rechercher recherche contactez inicio buscar búsqueda
        contacto hemeroteca início pesquisar busca contato contatos contatti cerca chi_siamo zoeken zoek contacteer
        sök hem startsida om_oss søk hjem hovedinnhold søg forside etusivu haku valikko szukaj strona_główna hledat
        úvod hľadať domov kereső keresés főoldal kapcsolat impresszum căutare acasă търсене начало контакти главная
        поиск контакты меню головна пошук početna pretraga naslovna αναζήτηση επικοινωνία αρχική anasayfa ana_sayfa
        arama iletişim künye الرئيسية بحث اتصل_بنا من_نحن خانه جستجو درباره_ما תפריט חיפוש צור_קשר אודות होम खोजें
        হোম trang_chủ tìm_kiếm beranda cari ホーム 検索 お問い合わせ サイトマップ 首页 首頁 搜索 搜尋 联系我们
        關於我們 홈으로 검색 หน้าแรก ค้นหา otsi avaleht meklēt sākums paieška pradžia kerko kërko ana_səhifə axtar
        іздеу ძებნა
    """,
    "credit": """
        photo photos photograph image images credit credits courtesy getty shutterstock unsplash picture pictured
        caption source sources foto fotos bild bilder quelle quellen crédit crédits photographie légende fuente
        fuentes fotografía imagen fonte fonti imagem bron beeld bildquelle källa kilde kuva lähde zdjęcie zdjęcia
        źródło zdroj fotó kép forrás fotografie sursa sursă снимка снимки източник фото источник источники
        фотографии джерело izvor φωτογραφία φωτογραφίες πηγή fotoğraf fotoğraflar kaynak صورة مصدر المصدر تصوير عکس
        منبع צילום צילומים מקור फोटो स्रोत ছবি সূত্র ảnh nguồn sumber picha 写真 撮影 提供 出典 图片 图源 來源 来源
        資料圖 사진 출처 ภาพ ที่มา nuotrauka allikas avots šaltinis burimi mənbə дереккөз
    """,
    "dated": """
        published updated posted modified ago minutes min_read veröffentlicht aktualisiert erschienen lesezeit
        minuten publié mis_à modifié publicado publicada actualizado actualizada hace atualizado atualizada
        pubblicato aggiornato aggiornamento gepubliceerd bijgewerkt geleden publicerad publicerat uppdaterad
        uppdaterat publisert oppdatert publiceret opdateret julkaistu päivitetty opublikowano aktualizacja dodano
        publikováno aktualizováno zverejnené aktualizované frissítve publikálva megjelent publicat actualizat
        публикувана публикувано обновена опубликовано обновлено назад опубліковано оновлено objavljeno ažurirano
        prije δημοσίευση δημοσιεύτηκε ενημέρωση ενημερώθηκε πριν yayınlanma güncelleme güncellendi önce نشر نشرت
        تحديث منذ آخر_تحديث انتشار منتشر پیش פורסם עודכן לפני प्रकाशित अपडेट प्रकाशन প্রকাশ প্রকাশিত আপডেট cập_nhật
        diperbarui diterbitkan wib imechapishwa 公開 更新日 更新時間 更新时间 配信 掲載 发布时间 发布 發布 發佈 입력
        수정 승인 เผยแพร่ อัปเดต ปรับปรุง publitseeritud uuendatud publicēts atnaujinta actualitzat yenilənib
        жарияланды
    """,
    "author": """
        author authors writer editor reporter correspondent contributor byline staff autor autorin redaktion
        redakteur redakteurin verfasser auteur auteurs rédaction autora autores redacción redação autore autrice
        redazione redactie redacteur författare skribent redaktionen forfatter redaksjonen journalist toimittaja
        kirjoittaja toimitus autorka redakcja redaktor redakce redaktorka szerző szerkesztő szerkesztőség redacția
        редактор автор авторка редакция кореспондент журналист журналістка novinar urednik redakcija συντάκτης
        συντακτική yazar muhabir editör editörü الكاتب محرر مراسل بقلم نویسنده خبرنگار כתב מערכת लेखक संवाददाता
        প্রতিবেদক tác_giả phóng_viên penulis wartawan mwandishi 記者 著者 编辑 編輯 责任编辑 作者 记者 기자 ผู้เขียน
        autors autorius autori müəllif redaktsioon toimetaja redaktors redaktorius
    """,
    "topics": """
        tags tagged topics keywords categories category labels schlagwörter schlagworte stichworte themen mots_clés
        étiquettes thèmes rubriques etiquetas temas categorías palabras_clave tópicos assuntos categorias argomenti
        etichette categorie onderwerpen trefwoorden ämnen kategorier emner emneord aiheet avainsanat tagi kategorie
        tematy słowa_kluczowe témata štítky kľúčové klíčová_slova címkék témák kulcsszavak etichete тагове категории
        теги метки ключевые_слова рубрики ключові_слова oznake ključne_reči kategorije ετικέτες κατηγορίες etiketler
        kategoriler الوسوم كلمات_مفتاحية الكلمات تصنيفات برچسب برچسب‌ها תגיות נושאים टैग विषय từ_khóa chủ_đề topik
        キーワード タグ カテゴリ 标签 關鍵字 關鍵詞 태그 แท็ก märksõnad tagid birkas temos etiquetes
    """,
    "operate": """
        click download print listen watch play close open load show_more load_more view_all see_all view_more next
        previous prev back continue expand copy_link enable javascript browser klicken drucken schließen anhören
        ansehen weiter zurück mehr_anzeigen alle_anzeigen imprimer télécharger écouter fermer suivant précédent
        afficher voir_plus voir_tous imprimir descargar escuchar cerrar siguiente anterior ver_más ver_todos baixar
        ouvir fechar próximo próxima ver_mais stampa scarica ascolta chiudi successivo precedente mostra vedi_tutti
        afdrukken luister sluiten volgende vorige meer_tonen skriv_ut lyssna stäng nästa föregående visa_mer lytt
        lukk forrige vis_mer luk næste vis_mere tulosta kuuntele sulje seuraava edellinen näytä_lisää drukuj pobierz
        posłuchaj zamknij następny poprzedni pokaż_więcej tisk stáhnout zavřít další předchozí zobrazit vytlačiť
        nyomtatás letöltés bezárás következő előző descarcă închide следваща предишна печать скачать закрыть
        следующая предыдущая показать_ещё показать_еще далее роздрукувати завантажити štampaj preuzmi zatvori
        sledeća prethodna εκτύπωση κλείσιμο επόμενο προηγούμενο yazdır indir kapat sonraki önceki طباعة تحميل إغلاق
        التالي السابق چاپ دانلود بستن הדפסה הורדה סגור हिंदी_में डाउनलोड cetak unduh tutup selanjutnya sebelumnya
        đóng 印刷 次へ 前へ 閉じる もっと見る 一覧へ 打印 下载 关闭 下一篇 上一篇 下一頁 返回 列印 인쇄 닫기 더보기
        พิมพ์ ปิด vaata_veel rādīt_vairāk rodyti_daugiau
    """,
    "support": """
        donate donation support_us membership member members gift discount sale offer offers price shop buy coupon
        deal deals trial spenden spende unterstützen unterstütze mitglied kaufen angebot angebote gutschein rabatt
        faire_un soutenez adhérer boutique offre offres promo donar apóyanos socio oferta ofertas tienda comprar
        apoie loja dona sostieni offerta offerte negozio acquista doneer steun aanbieding winkel korting stöd_oss
        köp erbjudande støtt kjøp tilbud støt køb lahjoita tarjous wesprzyj oferty sklep kup promocja podpořte
        koupit sleva podporte támogatás támogass vásárlás donează cumpără дари подкрепи поддержать пожертвовать
        купить скидка підтримати підтримайте podržite kupi popust δωρεά αγορά προσφορά bağış satın_al indirim
        kampanya تبرع اشتر عرض خصم חנות תרומה दान खरीदें donasi beli diskon ủng_hộ 寄付 セール 购买 捐款 優惠 후원
        구매 บริจาค toeta atbalsti parama
    """,
}
KINDS = tuple(_SIGNS)
OPENERS = (
    "related",
    "popular",
    "comments",
    "subscribe",
    "topics",
    "legal",
    "share",
    "advert",
)  # speak for what follows
FIRST = 2  # words: a sign among so many opens its block

# Scripts without blanks, and those whose words hold vowel signs, which part a word for us, are searched as they are.
_WHOLE = (*WITHOUT_BLANKS, (0x0900, 0x0DFF))
_IS_WHOLE = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _WHOLE) + "]")
_LOWEST = chr(min(low for low, _ in _WHOLE))
_SINGLE: dict[str, int] = {}
_PAIR: dict[tuple[str, str], int] = {}
_INSIDE: dict[str, int] = {}
for _number, _words in enumerate(_SIGNS.values()):
    for _word in _words.split():
        if _IS_WHOLE.search(_word):
            _INSIDE[_word.replace("_", " ")] = _number
        elif "_" in _word:
            _one, _two = _word.split("_")
            _PAIR[_one, _two] = _number
        else:
            _SINGLE[_word] = _number
_FIND_INSIDE = re.compile("|".join(map(re.escape, sorted(_INSIDE, key=len, reverse=True))))
_HALVES = {word: number for number, word in enumerate(sorted({word for pair in _PAIR for word in pair}), 1)}
# One look-up a word: its kind and one more in the low byte, the number of its half above it, 0 for neither.
_KNOWN = {word: _SINGLE.get(word, -1) + 1 | _HALVES.get(word, 0) << 8 for word in {*_SINGLE, *_HALVES}}
_BOTH = {(_HALVES[one], _HALVES[two]): kind for (one, two), kind in _PAIR.items()}


def read(texts: Sequence[str], found: Tokens) -> NDArray[np.float32]:
    """Two rows a kind × blocks: how many signs of the kind a block holds, and 1 where one opens it.

    `found`: the tokens of the same texts.
    """
    n, words = len(texts), found.words
    begin = np.cumsum(found.size) - found.size
    token_block = np.repeat(np.arange(n), found.size)
    known = np.array([_KNOWN.get(word, 0) for word in words], np.int64)[found.each]
    at = np.flatnonzero(known & 0xFF)
    blocks, kinds, places = token_block[at], (known[at] & 0xFF) - 1, at - begin[token_block[at]]
    more = [*_pairs(known >> 8, token_block, begin), *_inside(texts, words)]
    if more:
        extra = np.array(more, np.int64).T
        blocks, kinds, places = (np.append(a, b) for a, b in zip((blocks, kinds, places), extra, strict=True))
    out = np.zeros((2 * len(KINDS), n), np.float32)
    out[: len(KINDS)] = np.bincount(kinds * n + blocks, minlength=len(KINDS) * n).reshape(len(KINDS), n)
    opening = places < FIRST
    out[len(KINDS) + kinds[opening], blocks[opening]] = 1
    return out


def _pairs(
    halves: NDArray[np.int64], token_block: NDArray[np.int64], begin: NDArray[np.int64]
) -> list[tuple[int, int, int]]:
    """(block, kind, place) of the signs of two words; `halves`: the number of each token's half, 0 for none."""
    together = (halves[:-1] > 0) & (halves[1:] > 0) & (token_block[:-1] == token_block[1:])
    out = []
    for at in np.flatnonzero(together).tolist():
        kind = _BOTH.get((int(halves[at]), int(halves[at + 1])))
        if kind is not None:
            block = int(token_block[at])
            out.append((block, kind, at - int(begin[block])))
    return out


def _inside(texts: Sequence[str], words: dict[str, int]) -> list[tuple[int, int, int]]:
    """(block, kind, place) of the signs that are searched as they are; the place in characters."""
    if max(words, default="") < _LOWEST:
        return []
    return [
        (i, _INSIDE[match.group()], match.start())
        for i, text in enumerate(texts)
        if not text.isascii() and _IS_WHOLE.search(text)
        for match in _FIND_INSIDE.finditer(text)
    ]

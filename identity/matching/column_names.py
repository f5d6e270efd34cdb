"""What the columns of files of people are called, in English, German, French, Spanish and some thirty other languages.

The words of a name run together in small letters, as regular expressions; the first field that fits is the one.
"""

import re
import unicodedata

_NAMES = {
    "truth": r"""
        (ground|gold)?truth(id|label)? gold(id|label|standard)? gt wahrheit verite verdad verita
        (true|gold(en)?|real|actual|correct|echte?|wahre?)(id|no|nr|person|entity|cluster|label|group|match)(id|no|nr|key)?
        cluster(id|no|nr|number|key|label)? entity(id|no|nr|number|key)? entid match(id|group|groupid|set|cluster)
        (unique)?person(id|uid|key)? personen(id|schlussel|kennung) (id)?person(ne|a)(id)? persoon(id)? (id)?entidad
        (master|merged?|survivor|same(as|person)|dup(licate)?(of|group|set)?|dedupe?)(id|group|key)? who wer
        (id|cluster|clusterid|entity|person)(true|gold|gt) orig(inal)?(id|rec(ord)?(id)?)
        (canonical|resolved|golden(rec(ord)?)?)(entity)?(id)?
    """,
    "full_name": r"""
        (full|complete|whole|display)?names? (first|given|fore)(name)?and(sur|last|family)(name)? namefull
        nomcomplet nombrecompleto nomecompleto vollername vollstandigername volledigenaam kundenname
        фио полноеимя 氏名 姓名 お名前 namn navn nimi pelnenazwisko adsoyad hoten hovaten hotenkhachhang
        성명 이름 ονοματεπωνυμο піб पूरानाम الاسمالكامل
        kokonimi (asiakkaan)?nimi vardas(ir)?pavarde vards(un)?uzvards taisnimi nev teljesnev
        nume((si)?prenume|complet)? imei?prezime imeinpriimek menoapriezvisko jmenoaprijmeni imie(i)?nazwisko
        nazwisko(i)?imie nome(e)?cognome cognome(e)?nome
        apellidos?(y)?nombres? nombres?(y)?apellidos? nama(lengkap)? имеи?(презиме|фамилия) піп прізвищетаімя שם(מלא)?
        ชื่อ(นาม)?สกุล نامو?نامخانوادگی নাম
    """,
    "organization": r"""
        (company|organi[sz]ation|org|firm|business|corporate|enterprise|vendor|supplier|manufacturer)(nm|name)?
        (account|legal|legalentity|trade|trading|dba)name (firm(a|en)|unternehmens?|betriebs?|lieferanten?)(name)?
        raisonsociale societe entreprise razonsocial empresa ragionesociale azienda bedrijf(snaam)?
        razaosocial nazwa(podmiotu)? (pelna)?nazwafirmy foretag(snamn)? sirket tencongty επωνυμια
        организация компания 会社名 公司名称 название(компании|организации)? назва 企業名 法人名 企业名称 회사명 상호
        yritys yrityksennimi toiminimi yhtio uznemum(s|anosaukums) nosaukums imone(spavadinimas)? pavadinimas
        ettevot(e|tenimi) ceg(nev)? cegneve (nume|denumire)(firma|societate) denumire
        naz(ev|ov|iv)(firm[ye]|spolocnosti|tvrtke|preduzeca|podjetja)? tvrtka preduzece podjetje virksomhed(snavn)?
        firmanavn foretaksnavn bolagsnamn (nama)?(perusahaan|syarikat) предприятие фирма предузеће підприємство
        (שם)?חברה (ชื่อ)?บริษัท نامشرکت الشركة 公司 企業
    """,
    "given_name": r"""
        (given|first|fore|christian|fst)s?(nm|names?) [fg]names? firsts? givens? vornamen? rufname prenoms? nombres?
        primernombre vn nome imie voornaam fornavn fornamn
        имя імя 名 名前 名字 ad isim jmeno keresztnev etunimi prenume
        ονομα नाम प्रथमनाम الاسم(الأول)? ten
        vards vardas eesnimi meno ime име namadepan שםפרטי ชื่อ نام tilltalsnamn kutsumanimi
    """,
    "middle_name": r"""
        (middle|midl|mid)s?(nm|names?|initial)? mname midname mi second(given)?name zweitername segundonombre
        отчество
    """,
    "family_name": r"""
        (sur|last|family|lst)s?(nm|names?) [ls]names? surs? lasts? nachnamen? familiennamen? nn zuname nom(defamille)?
        apellidos? cognome nazwisko achternaam efternamn etternavn
        фамилия прізвище 姓 苗字 soyad family soyadi prijmeni vezeteknev sukunimi sobrenome (ultimo)?apelido
        επωνυμο उपनाम (اسم)?العائلة اللقب
        uzvards pavarde perekonnanimi csaladnev priezvisko prezime priimek numedefamilie namabelakang презиме
        familienaam slektsnavn שםמשפחה นามสกุล نامخانوادگی
    """,
    "birth_date": r"""
        (date)?(of)?birth(date|day|dt)? dob birthdob bdate bday birthdt geburts(datum|tag) geb(dat|datum)?
        (date(de)?)?naissance fecha(de)?nacimiento nacimiento data(di)?nascita dataurodzenia geboortedatum
        fodselsdato
        датарождения деньрождения 生年月日 誕生日 出生日期 生日 dogumtarihi датанародження (data(de)?)?nascimento
        (datum)?narozen[ia]? fodelsedatum syntymaaika ngaysinh 생년월일 ημ(ερομηνια)?γεννησησ
        जन्म(तिथि|दिनांक)? تاريخالميلاد
        syntyma(paiva|aika) dzimsanasdatums gimimodata sunni(aeg|kuupaev) szuletesi?(datuma?|ideje|ido) szuldatum
        datanasterii datumnarodenia datumroj(stva|en) datumrodenja fodelsedag fodselsdag foedselsdato датумрођења
        датанараждане
        tanggallahir tarikhlahir tgllahir תאריךלידה วันเกิด วันเดือนปีเกิด تاریختولد জন্মতারিখ
    """,
    "birth_year": r"""
        (birth|b|yob|dob)(y|yr|year) y(ea)?r(of)?birth yob geburtsjahr anneenaissance by
    """,
    "birth_month": r"""
        (birth|b|dob)(m|mo|mon|month) month(of)?birth mob geburtsmonat bm
    """,
    "birth_day": r"""
        (birth|b|dob)(d|dy|day) day(of)?birth geburtstag bd
    """,
    "email": r"""
        e?mails?(addr|address|adress?e?)? (adresse|indirizzo)e?mail courriel correo(electronico)?
        (электронная)?почта имейл メール(アドレス)? 电子邮件 邮箱 eposta
        sahkoposti(osoite)? epasts elpastas epost(i?adress|iadresse)? meil emailcim adresaemail posta(elettronica)?
        (adres)?email эл(ектронная)?почта (електронна)?пошта имейл דואל אימייל อีเมล ایمیل البريدالا?إ?لكتروني 電子郵件
    """,
    "phone": r"""
        (home|work|cell|day|evening|private|mobile)?(tele)?(phone|fone)(num|number|no|nr)? tel telefon(nummer|o|e)?
        mobile?(number|nr|phone)? cell handy(nummer)? mobilnummer telefoon(nummer)?
        numero(de|di)?tele(ph|f)on[eo] cellulare movil portable
        телефон 電話(番号)? 电话 手机 手机号 (전화|휴대폰|휴대전화)(번호)? τηλ(εφωνο)? κινητο sdt (so)?dienthoai celular
        फोन मोबाइल (رقم)?(الهاتف|الجوال) cep(tel(efonu)?)?
        (matka)?puhelin(numero)? gsm talrunis (mobilais)?telefon(as|s|anumurs|onumeris) telnr
        (cislo)?telefonu telefonn[ie]cislo telefonskibroj broj(telefona|mobitela) telefonskastevilka telefonszam
        mobil(telefon|cislo|szam)? mobitel telemovel
        (numer|nr)telefonu (no(mor)?)?(telepon|telefon|hp) מספר?טלפון טלפון נייד (เบอร์|หมายเลข)?โทร(ศัพท์)? تلفن
        موبایل شمارهتلفن 手机号码 联系电话 手機 ফোন
    """,
    "house_number": r"""
        (street|house|building|st|str|civic)(num|number|no|nr|nbr) hausnummer hausnr hnr huisnummer numerodomicilio
        numvoie
        talonumero majasnumurs hazszam numarstrada kucnibroj hisnastevilka cislo(domu|popisne)
    """,
    "street": r"""
        (street|st|str)(name|address|addr)? (postal|home|mailing|res|residential)?addr(ess)?(line)? addr(ess)?street
        domicilio adres strasse(nname)? strassehausnummer anschrift adresse rue voie calle direccion via indirizzo ulica
        straat(naam)?
        улица адрес 住所 地址 ulice gata gatuadress gade utca endereco logradouro sokak adres[iy] diachi duong morada
        вулиця адреса διευθυνση οδοσ 주소 पता العنوان
        (katu|lahi|posti)?osoite katu adrese iela adresas gatve aadress tanav (lak)?cim adresa strada ulica vej(navn)?
        besoksadress(e)? alamat jalan rua адреса כתובת רחוב ที่อยู่ ถนน آدرس خیابان ঠিকানা
    """,
    "district": r"""
        district neighbou?rhood stadtteil ortsteil quartier barrio county
    """,
    "suburb": r"""
        suburb locality
    """,
    "city": r"""
        (post)?(city|town|municipality)(name|desc)? posttown ort wohnort stadt ville commune ciudad citta comune
        miasto plaats woonplaats poblacion localidad
        город населенныйпункт 市 市区町村 城市 sehir mesto postort kommune varos cidade kaupunki
        tinhthanhpho thanhpho місто πολη 도시 시 शहर المدينة
        postitoimipaikka paikkakunta pilseta miestas linn telepules oras localitate miejscowosc obec mjesto kota
        bandar град עיר อำเภอ จังหวัด شهر ilce 城市
    """,
    "postcode": r"""
        post(al)?(code|cd)(fake)? zip(code|cd|5)? plz postleitzahl codepostal cp cap codigopostal codicepostale
        kodpocztowy (почтовый)?индекс 郵便番号 邮编 邮政编码 postakodu post psc post(nr|nummer) cep iranyitoszam
        postinumero (поштовий)?індекс τκ ταχυδρομικοσκωδικασ 우편번호 पिनकोड الرمزالبريدي
        postitoimipaikannumero pastaindekss pasto(kodas|indeksas) postiindeks sihtnumber codpostal postanskibroj
        postnastevilka kodepos poskod поштанскиброј пощенскикод מיקוד รหัสไปรษณีย์ کدپستی 郵遞區號
    """,
    "state": r"""
        (state|province|region|bundesland|canton|kanton|departement|provincia)(cd|code|abbr|name|desc)?
    """,
    "country": r"""
        (country|nation|land|pays|pais|paese)(cd|code|name|iso)?
        maa valsts salis riik orszag krajina drzava negara држава държава land ארץ ประเทศ کشور 国家 国
    """,
    "identifier": r"""
        (soc(ial)?sec(urity)?|ssn|nin|nino|nhs|nhsnumber|passport|tax|vat|driver|driverslicen[cs]e|licen[cs]e|nationalid|personnummer|svnr|steuerid|dni|nie|nif|curp|pesel|medicare|insurance|identity(card)?|aadhaar|cpf|loyalty|card|member(ship)?|customer|kunden|client|patient|account|crm|voter(reg)?|ncid)(id|no|nr|num|number|nummer|cd|card)?
        (nip|siren|siret|inn|rfc|cnpj|codicefiscale|afm|kvk|orgnr|ust(id)?(nr)?|regon|krs|инн|огрн|снилс|ідн)
        (identifiant|numero)?(fiscal|tva) 税号 身份证(号码?)? 사업자(등록)?번호 αφμ
        henkilo(tunnus|numero) ytunnus (asiakas|jasen)(numero|nro|tunnus) personaskods asmenskodas isikukood
        registrikood regnr adoszam tajszam szemelyi(szam|igazolvany) cnp cui cif rodnecislo ico dic oib jmbg emso
        davcnastevilka матичниброј јмбг егн еик иин cpr(nr|nummer)? cvr(nr|nummer)? fodselsnummer organisasjonsnummer
        organisationsnummer (no)?(ktp|nik|npwp) no(mor)?ic icno tckimlik(no)? tckn vergino cedula rut cuit bsn
        partitaiva תז
        תעודתזהות کدملی เลข(ประจำตัว|บัตร)ประชาชน
    """,
}
NAMED = {field: re.compile("|".join(patterns.split())) for field, patterns in _NAMES.items()}
_RECORD_IDS = r"""
    (rec|record|row|unique|uniq|line|source|src|entry|item|serial|running|seq|sequence)?(id|no|nr|num|number|index|key|uuid)
    index unnamed\d* rows? records? line rank seq(uence)? id(record|row) n s(l|r)?(no|nr)
    (lfd|lauf|laufende|fortlaufende|zeilen?|datensatz|satz|eintrags?|index)(nr|no|nummer|id|kennung|schlussel)
    lfd zeile datensatz nummer kennung
    numero num ligne (num(ero)?|no?|id)?(de)?(ligne|enregistrement|ordre) enregistrement identifiant
    fila linea renglon registro orden (num(ero)?|no?|id)?(de)?(fila|linea|registro|orden|riga|record) identificador
    riga progressivo rij(nummer|nr)? regel(nummer|nr)? volg(nummer|nr) rad(nr|nummer)? lope?nr lobenr rekke(nr)?
    lp liczbaporzadkowa wiersz (id|nr)wiersza numer porc(islo)? poradovecislo sorsz(am)? siran(o|umarasi)
    номер (номер)?строк[аи] (no?)?пп id(записи|строки) 番号 連番 行(番号)? 序号 编号 记录号 번호
"""
_RECORD_ID_NAMED = re.compile("|".join(_RECORD_IDS.split()))
# What a number of a customer is called: where no two rows agree, it names the row.
_CUSTOMER_ID_NAMED = re.compile(
    r"(customer|cust|kunden?|client|cliente|klant|account|konto|crm|patient|member(ship)?|mitglieds?|user|contact|kontakt"
    r"|lead|employee|mitarbeiter|supplier|vendor|lieferanten)"
    r"(id|no|nr|num|number|nummer|numero|key)|id(customer|client|cliente)"
)
# Of somebody or something else than the person: their place of birth, their mother's name.
_OF_OTHERS = re.compile(
    r"mother|father|maiden|spouse|emergency|parent|kin|guardian|mutter|vater|geburtsort|place_?of_?birth"
    r"|birth_?(place|city|town|state|country)"
)
# What stands before a name without changing what it means, and after it.
_BEFORE = frozenset(
    {"customer", "cust", "person", "client", "patient", "contact", "user", "voter", "member", "kunde", "kunden", "the",
     "my", "billing", "bill", "res", "residential", "resident", "home", "mail", "mailing", "full", "primary", "main",
     "postal", "legal", "registered"}
)  # fmt: skip
_AFTER = re.compile(r"(?:_?[c]?\d{1,2}|_(?:fake|raw|orig|original|clean|txt|text|str|value|desc|description|code|cd))$")
_PLAIN = str.maketrans("øłđı", "oldi")
# Marks that Latin and Greek letters go without; those of other scripts, of kana and vowels, make another letter.
_MARKS = re.compile("(?<=[a-zα-ω])[\u0300-\u036f]+")
# Vowel signs of India and Thailand are no letters to `re`, and part no words.
_BETWEEN_WORDS = re.compile(r"(?:(?![\u0900-\u0eff])[\W_])+")


def words_of(column: str) -> list[str]:
    """Return the words of a column's name in small letters without marks: "Date-of_Birth", "dateOfBirth"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).casefold().translate(_PLAIN)
    bare = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", spaced)))
    return [word for word in _BETWEEN_WORDS.split(bare) if word]


def fields_named(column: str) -> list[str]:
    """Return the fields that the name may stand for, the likeliest first."""
    words = words_of(column)
    if _OF_OTHERS.search("_".join(words)):
        return []
    whole, essence = "".join(words), _essence(words)
    return [field for field, named in NAMED.items() if named.fullmatch(essence) or named.fullmatch(whole)]


def names_records(column: str) -> bool:
    """Return whether a column of that name may number the records: "Lfd. Nr.", "#", "№ п/п", "customer_id"."""
    spelled = "".join(words_of(unicodedata.normalize("NFKC", column.replace("#", " no "))))
    return bool(_RECORD_ID_NAMED.fullmatch(spelled) or _CUSTOMER_ID_NAMED.fullmatch(spelled))


def _essence(words: list[str]) -> str:
    while len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
    name = "_".join(words)
    while (shorter := _AFTER.sub("", name)) != name and shorter:
        name = shorter
    return name.replace("_", "")

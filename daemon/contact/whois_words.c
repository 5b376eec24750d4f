#include "daemon/contact/whois_words.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 48

/* Both tables are sorted by bytes, for a binary search; a unit test says where they are not. To add a word or a key: a row. */
struct synonym {
    const char *word; /* lower case; other letters than ASCII's as they are written */
    unsigned bits;
};

static const struct synonym synonyms[] = {
    { "abonent", WORD_REGISTRANT },
    { "abonné", WORD_REGISTRANT },
    { "abus", WORD_ABUSE },
    { "abuse", WORD_ABUSE },
    { "abuses", WORD_ABUSE },
    { "abusive", WORD_ABUSE },
    { "abuso", WORD_ABUSE },
    { "abusos", WORD_ABUSE },
    { "address", WORD_OTHER },
    { "addresses", WORD_OTHER },
    { "adm", WORD_ADMIN },
    { "admin", WORD_ADMIN },
    { "adminc", WORD_ADMIN },
    { "administracyjny", WORD_ADMIN },
    { "administratief", WORD_ADMIN },
    { "administratif", WORD_ADMIN },
    { "administrativ", WORD_ADMIN },
    { "administrative", WORD_ADMIN },
    { "administrativo", WORD_ADMIN },
    { "administrator", WORD_ADMIN },
    { "administratoriaus", WORD_ADMIN },
    { "admins", WORD_ADMIN },
    { "agency", WORD_REGISTRAR },
    { "agent", WORD_REGISTRAR },
    { "amministrativo", WORD_ADMIN },
    { "assegnatario", WORD_REGISTRANT },
    { "bemerkung", WORD_REMARK },
    { "bemerkungen", WORD_REMARK },
    { "bill", WORD_BILLING },
    { "billing", WORD_BILLING },
    { "billingc", WORD_BILLING },
    { "cert", WORD_SECURITY },
    { "changed", WORD_NOTIFY },
    { "cobranza", WORD_BILLING },
    { "cobrança", WORD_BILLING },
    { "comentario", WORD_REMARK },
    { "comentarios", WORD_REMARK },
    { "comment", WORD_REMARK },
    { "commentaire", WORD_REMARK },
    { "comments", WORD_REMARK },
    { "complaint", WORD_ABUSE },
    { "complaints", WORD_ABUSE },
    { "correo", WORD_MAIL },
    { "correos", WORD_MAIL },
    { "courriel", WORD_MAIL },
    { "created", WORD_OTHER },
    { "csirt", WORD_SECURITY },
    { "cust", WORD_REGISTRANT },
    { "customer", WORD_REGISTRANT },
    { "date", WORD_OTHER },
    { "descr", WORD_REMARK },
    { "description", WORD_REMARK },
    { "dns", WORD_TECH },
    { "domaininhaber", WORD_REGISTRANT },
    { "e_mail", WORD_MAIL },
    { "eier", WORD_REGISTRANT },
    { "email", WORD_MAIL },
    { "emails", WORD_MAIL },
    { "epost", WORD_MAIL },
    { "eposta", WORD_MAIL },
    { "facsimile", WORD_OTHER },
    { "facturacion", WORD_BILLING },
    { "facturación", WORD_BILLING },
    { "facturation", WORD_BILLING },
    { "fatturazione", WORD_BILLING },
    { "fax", WORD_OTHER },
    { "faxno", WORD_OTHER },
    { "haltija", WORD_REGISTRANT },
    { "handle", WORD_OTHER },
    { "holder", WORD_REGISTRANT },
    { "holderc", WORD_REGISTRANT },
    { "holders", WORD_REGISTRANT },
    { "hostmaster", WORD_TECH },
    { "houder", WORD_REGISTRANT },
    { "http", WORD_OTHER },
    { "https", WORD_OTHER },
    { "id", WORD_OTHER },
    { "imię", WORD_NAME },
    { "incident", WORD_ABUSE },
    { "incidents", WORD_ABUSE },
    { "info", WORD_REMARK },
    { "information", WORD_REMARK },
    { "inhaber", WORD_REGISTRANT },
    { "innehavare", WORD_REGISTRANT },
    { "irt", WORD_TEAM },
    { "jméno", WORD_NAME },
    { "kommentar", WORD_REMARK },
    { "kötüye", WORD_ABUSE },
    { "lastupdated", WORD_NOTIFY },
    { "mail", WORD_MAIL },
    { "mailbox", WORD_MAIL },
    { "mailboxes", WORD_MAIL },
    { "mails", WORD_MAIL },
    { "maintainer", WORD_NOTIFY },
    { "misbrug", WORD_ABUSE },
    { "misbruik", WORD_ABUSE },
    { "misbruk", WORD_ABUSE },
    { "missbrauch", WORD_ABUSE },
    { "missbruk", WORD_ABUSE },
    { "misuse", WORD_ABUSE },
    { "mnt", WORD_NOTIFY },
    { "mobile", WORD_OTHER },
    { "modified", WORD_NOTIFY },
    { "mél", WORD_MAIL },
    { "naam", WORD_NAME },
    { "naduzycia", WORD_ABUSE },
    { "nadużycia", WORD_ABUSE },
    { "nadużycie", WORD_ABUSE },
    { "name", WORD_NAME },
    { "nazwa", WORD_NAME },
    { "nfy", WORD_NOTIFY },
    { "nimi", WORD_NAME },
    { "noc", WORD_NOC },
    { "nom", WORD_NAME },
    { "nombre", WORD_NAME },
    { "nome", WORD_NAME },
    { "note", WORD_REMARK },
    { "notes", WORD_REMARK },
    { "notice", WORD_REMARK },
    { "notification", WORD_NOTIFY },
    { "notifications", WORD_NOTIFY },
    { "notify", WORD_NOTIFY },
    { "observaciones", WORD_REMARK },
    { "observações", WORD_REMARK },
    { "operational", WORD_NOC },
    { "operations", WORD_NOC },
    { "org", WORD_REGISTRANT },
    { "organization", WORD_REGISTRANT },
    { "owner", WORD_REGISTRANT },
    { "ownerc", WORD_REGISTRANT },
    { "owners", WORD_REGISTRANT },
    { "payment", WORD_BILLING },
    { "person", WORD_NAME },
    { "phone", WORD_OTHER },
    { "phones", WORD_OTHER },
    { "poczta", WORD_MAIL },
    { "posta", WORD_MAIL },
    { "postal", WORD_OTHER },
    { "proprietaire", WORD_REGISTRANT },
    { "proprietario", WORD_REGISTRANT },
    { "provider", WORD_REGISTRAR },
    { "r", WORD_RESOURCE },
    { "rechnung", WORD_BILLING },
    { "registrador", WORD_REGISTRAR },
    { "registraire", WORD_REGISTRAR },
    { "registrant", WORD_REGISTRANT },
    { "registrants", WORD_REGISTRANT },
    { "registrar", WORD_REGISTRAR },
    { "registrars", WORD_REGISTRAR },
    { "registrator", WORD_REGISTRAR },
    { "registratore", WORD_REGISTRAR },
    { "registre", WORD_REGISTRY },
    { "registrierungsstelle", WORD_REGISTRAR },
    { "registry", WORD_REGISTRY },
    { "registrátor", WORD_REGISTRAR },
    { "rejestrator", WORD_REGISTRAR },
    { "remark", WORD_REMARK },
    { "remarks", WORD_REMARK },
    { "remarques", WORD_REMARK },
    { "reseller", WORD_RESELLER },
    { "resellers", WORD_RESELLER },
    { "responsable", WORD_ADMIN },
    { "responsible", WORD_ADMIN },
    { "revendedor", WORD_RESELLER },
    { "revendeur", WORD_RESELLER },
    { "rnoc", WORD_NOC },
    { "role", WORD_NAME },
    { "security", WORD_SECURITY },
    { "segurança", WORD_SECURITY },
    { "seguridad", WORD_SECURITY },
    { "sicherheit", WORD_SECURITY },
    { "site", WORD_OTHER },
    { "spam", WORD_ABUSE },
    { "spams", WORD_ABUSE },
    { "sponsor", WORD_REGISTRAR },
    { "sponsoring", WORD_REGISTRAR },
    { "street", WORD_OTHER },
    { "suistimal", WORD_ABUSE },
    { "sähköposti", WORD_MAIL },
    { "sécurité", WORD_SECURITY },
    { "tech", WORD_TECH },
    { "techc", WORD_TECH },
    { "technical", WORD_TECH },
    { "technický", WORD_TECH },
    { "techniczny", WORD_TECH },
    { "techniek", WORD_TECH },
    { "technik", WORD_TECH },
    { "technique", WORD_TECH },
    { "technisch", WORD_TECH },
    { "technischer", WORD_TECH },
    { "tecnico", WORD_TECH },
    { "teknik", WORD_TECH },
    { "tekninen", WORD_TECH },
    { "teknisk", WORD_TECH },
    { "tekniskt", WORD_TECH },
    { "tel", WORD_OTHER },
    { "telefon", WORD_OTHER },
    { "telefone", WORD_OTHER },
    { "telefono", WORD_OTHER },
    { "telephone", WORD_OTHER },
    { "time", WORD_OTHER },
    { "titolare", WORD_REGISTRANT },
    { "titulaire", WORD_REGISTRANT },
    { "titular", WORD_REGISTRANT },
    { "trouble", WORD_REMARK },
    { "técnico", WORD_TECH },
    { "téléphone", WORD_OTHER },
    { "upd", WORD_NOTIFY },
    { "updated", WORD_NOTIFY },
    { "url", WORD_OTHER },
    { "uwagi", WORD_REMARK },
    { "verwaltung", WORD_ADMIN },
    { "visszaélés", WORD_ABUSE },
    { "väärinkäyttö", WORD_ABUSE },
    { "väärkäyttö", WORD_ABUSE },
    { "web", WORD_OTHER },
    { "website", WORD_OTHER },
    { "wiederverkäufer", WORD_RESELLER },
    { "zlouporaba", WORD_ABUSE },
    { "zloupotreba", WORD_ABUSE },
    { "zneuziti", WORD_ABUSE },
    { "zneužitie", WORD_ABUSE },
    { "zneužití", WORD_ABUSE },
    { "zone", WORD_TECH },
    { "zonec", WORD_TECH },
    { "zonemaster", WORD_TECH },
    { "Κατάχρηση", WORD_ABUSE },
    { "κατάχρηση", WORD_ABUSE },
    { "Администратор", WORD_ADMIN },
    { "Владелец", WORD_REGISTRANT },
    { "Власник", WORD_REGISTRANT },
    { "Жалоб", WORD_ABUSE },
    { "Жалоба", WORD_ABUSE },
    { "Жалобы", WORD_ABUSE },
    { "Зловживання", WORD_ABUSE },
    { "Злоупотребление", WORD_ABUSE },
    { "Злоупотреблений", WORD_ABUSE },
    { "Злоупотребления", WORD_ABUSE },
    { "Имя", WORD_NAME },
    { "Мейл", WORD_MAIL },
    { "Почта", WORD_MAIL },
    { "Пошта", WORD_MAIL },
    { "Примечание", WORD_REMARK },
    { "Регистратор", WORD_REGISTRAR },
    { "Реєстрант", WORD_REGISTRANT },
    { "Реєстратор", WORD_REGISTRAR },
    { "Технический", WORD_TECH },
    { "Технічний", WORD_TECH },
    { "администратор", WORD_ADMIN },
    { "владелец", WORD_REGISTRANT },
    { "власник", WORD_REGISTRANT },
    { "жалоб", WORD_ABUSE },
    { "жалоба", WORD_ABUSE },
    { "жалобы", WORD_ABUSE },
    { "зловживання", WORD_ABUSE },
    { "злоупотребление", WORD_ABUSE },
    { "злоупотреблений", WORD_ABUSE },
    { "злоупотребления", WORD_ABUSE },
    { "имя", WORD_NAME },
    { "мейл", WORD_MAIL },
    { "почта", WORD_MAIL },
    { "пошта", WORD_MAIL },
    { "примечание", WORD_REMARK },
    { "регистратор", WORD_REGISTRAR },
    { "реєстрант", WORD_REGISTRANT },
    { "реєстратор", WORD_REGISTRAR },
    { "технический", WORD_TECH },
    { "технічний", WORD_TECH },
    { "メール", WORD_MAIL },
    { "不正利用", WORD_ABUSE },
    { "主页", WORD_OTHER },
    { "備考", WORD_REMARK },
    { "備註", WORD_REMARK },
    { "名前", WORD_NAME },
    { "名称", WORD_NAME },
    { "备注", WORD_REMARK },
    { "姓名", WORD_NAME },
    { "技术联系人", WORD_TECH },
    { "技術聯絡人", WORD_TECH },
    { "技術連絡担当者", WORD_TECH },
    { "投訴", WORD_ABUSE },
    { "投诉", WORD_ABUSE },
    { "持有人", WORD_REGISTRANT },
    { "指定事業者", WORD_REGISTRAR },
    { "氏名", WORD_NAME },
    { "注册人", WORD_REGISTRANT },
    { "注册商", WORD_REGISTRAR },
    { "注册者", WORD_REGISTRANT },
    { "滥用", WORD_ABUSE },
    { "濫用", WORD_ABUSE },
    { "登録者", WORD_REGISTRANT },
    { "登録者名", WORD_REGISTRANT },
    { "管理者連絡窓口", WORD_ADMIN },
    { "管理联系人", WORD_ADMIN },
    { "管理聯絡人", WORD_ADMIN },
    { "网址", WORD_OTHER },
    { "註冊人", WORD_REGISTRANT },
    { "註冊商", WORD_REGISTRAR },
    { "迷惑行為", WORD_ABUSE },
    { "邮件", WORD_MAIL },
    { "邮件地址", WORD_MAIL },
    { "邮箱", WORD_MAIL },
    { "電子メール", WORD_MAIL },
    { "電子郵件", WORD_MAIL },
    { "電子郵件地址", WORD_MAIL },
    { "電話番号", WORD_OTHER },
    { "電郵", WORD_MAIL },
    { "관리자", WORD_ADMIN },
    { "관리책임자", WORD_ADMIN },
    { "기술담당자", WORD_TECH },
    { "기술책임자", WORD_TECH },
    { "등록대행자", WORD_REGISTRAR },
    { "등록인", WORD_REGISTRANT },
    { "메일", WORD_MAIL },
    { "비고", WORD_REMARK },
    { "소유자", WORD_REGISTRANT },
    { "스팸", WORD_ABUSE },
    { "어뷰즈", WORD_ABUSE },
    { "이름", WORD_NAME },
    { "이메일", WORD_MAIL },
    { "전자우편", WORD_MAIL },
    { "전화번호", WORD_OTHER },
    { "책임자", WORD_ADMIN },
};

/* Keys without what is no letter and no digit. */
struct telling {
    const char *key;
    enum whois_fact fact;
};

static const struct telling tellings[] = {
    { "abusec", FACT_SUBSTANCE },
    { "abusemailbox", FACT_SUBSTANCE },
    { "activated", FACT_SUBSTANCE },
    { "address", FACT_SUBSTANCE },
    { "addressrange", FACT_RANGE },
    { "adminc", FACT_SUBSTANCE },
    { "adminemail", FACT_SUBSTANCE },
    { "administrativecontact", FACT_SUBSTANCE },
    { "asblock", FACT_SUBSTANCE },
    { "ashandle", FACT_HANDLE },
    { "asnumber", FACT_HANDLE },
    { "autnum", FACT_HANDLE },
    { "availability", FACT_STATUS },
    { "billingc", FACT_SUBSTANCE },
    { "changed", FACT_SUBSTANCE },
    { "cidr", FACT_PREFIX },
    { "cidrs", FACT_PREFIX },
    { "company", FACT_HOLDER_MAYBE },
    { "contact", FACT_CONTACT_NAME },
    { "contacthandle", FACT_CONTACT_HANDLE },
    { "contactid", FACT_CONTACT_HANDLE },
    { "contactname", FACT_CONTACT_NAME },
    { "country", FACT_COUNTRY },
    { "countrycode", FACT_COUNTRY },
    { "created", FACT_SUBSTANCE },
    { "createddate", FACT_SUBSTANCE },
    { "createdon", FACT_SUBSTANCE },
    { "creation", FACT_SUBSTANCE },
    { "creationdate", FACT_SUBSTANCE },
    { "custname", FACT_HOLDER },
    { "customername", FACT_HOLDER },
    { "descr", FACT_DESCRIPTION },
    { "description", FACT_DESCRIPTION },
    { "dns", FACT_SUBSTANCE },
    { "dns1", FACT_SUBSTANCE },
    { "dnssec", FACT_SUBSTANCE },
    { "domain", FACT_DOMAIN },
    { "domaincreated", FACT_SUBSTANCE },
    { "domaine", FACT_DOMAIN },
    { "domainhandle", FACT_HANDLE },
    { "domainholder", FACT_HOLDER_MAYBE },
    { "domainholderorganization", FACT_HOLDER },
    { "domainid", FACT_HANDLE },
    { "domainname", FACT_DOMAIN },
    { "domainnameasciicompatible", FACT_DOMAIN },
    { "domainnameutf8", FACT_DOMAIN },
    { "domainowner", FACT_HOLDER_MAYBE },
    { "domainregistered", FACT_SUBSTANCE },
    { "domainservers", FACT_SUBSTANCE },
    { "domainstate", FACT_STATUS },
    { "domainstatus", FACT_STATUS },
    { "domeen", FACT_DOMAIN },
    { "dominio", FACT_DOMAIN },
    { "domén", FACT_DOMAIN },
    { "email", FACT_SUBSTANCE },
    { "entrycreated", FACT_SUBSTANCE },
    { "estado", FACT_STATUS },
    { "estadodominio", FACT_STATUS },
    { "estatus", FACT_STATUS },
    { "expirationdate", FACT_SUBSTANCE },
    { "expire", FACT_SUBSTANCE },
    { "expiredate", FACT_SUBSTANCE },
    { "expires", FACT_SUBSTANCE },
    { "expireson", FACT_SUBSTANCE },
    { "expiry", FACT_SUBSTANCE },
    { "expirydate", FACT_SUBSTANCE },
    { "freedate", FACT_SUBSTANCE },
    { "handle", FACT_CONTACT_HANDLE },
    { "holder", FACT_HOLDER_MAYBE },
    { "holderc", FACT_SUBSTANCE },
    { "holdercountry", FACT_COUNTRY },
    { "holdername", FACT_HOLDER },
    { "hostname", FACT_SUBSTANCE },
    { "hostnames", FACT_SUBSTANCE },
    { "inet6num", FACT_RANGE },
    { "inetnum", FACT_RANGE },
    { "inhaber", FACT_HOLDER_MAYBE },
    { "ipblock", FACT_RANGE },
    { "ipnetwork", FACT_RANGE },
    { "ipnetworkblock", FACT_RANGE },
    { "ipnetworkrange", FACT_RANGE },
    { "iprange", FACT_RANGE },
    { "ipv4address", FACT_RANGE },
    { "ipv4ネットワークアドレス", FACT_RANGE },
    { "ipv4주소", FACT_RANGE },
    { "ipv6address", FACT_RANGE },
    { "ipv6ネットワークアドレス", FACT_RANGE },
    { "ipv6주소", FACT_RANGE },
    { "ipネットワークアドレス", FACT_RANGE },
    { "irt", FACT_CONTACT_HANDLE },
    { "keyset", FACT_SUBSTANCE },
    { "land", FACT_COUNTRY },
    { "lastmodified", FACT_SUBSTANCE },
    { "lastupdate", FACT_SUBSTANCE },
    { "lastupdated", FACT_SUBSTANCE },
    { "mntby", FACT_SUBSTANCE },
    { "modificationdate", FACT_SUBSTANCE },
    { "modified", FACT_SUBSTANCE },
    { "namadomain", FACT_DOMAIN },
    { "name", FACT_CONTACT_NAME },
    { "nameserver", FACT_SUBSTANCE },
    { "nameserver1", FACT_SUBSTANCE },
    { "nameserverhandle", FACT_SUBSTANCE },
    { "nameserverinformation", FACT_SUBSTANCE },
    { "nameservers", FACT_SUBSTANCE },
    { "netblock", FACT_RANGE },
    { "nethandle", FACT_HANDLE },
    { "netname", FACT_SUBSTANCE },
    { "netrange", FACT_RANGE },
    { "network", FACT_RANGE },
    { "networkid", FACT_HANDLE },
    { "networkname", FACT_SUBSTANCE },
    { "networknumber", FACT_RANGE },
    { "networkrange", FACT_RANGE },
    { "nichandle", FACT_CONTACT_HANDLE },
    { "nichdl", FACT_CONTACT_HANDLE },
    { "nichdlbr", FACT_CONTACT_HANDLE },
    { "nombrededominio", FACT_DOMAIN },
    { "nombredominio", FACT_DOMAIN },
    { "nomdedomaine", FACT_DOMAIN },
    { "nomedodominio", FACT_DOMAIN },
    { "ns", FACT_SUBSTANCE },
    { "ns1", FACT_SUBSTANCE },
    { "ns2", FACT_SUBSTANCE },
    { "nserver", FACT_SUBSTANCE },
    { "nservers", FACT_SUBSTANCE },
    { "nsset", FACT_SUBSTANCE },
    { "org", FACT_HOLDER_MAYBE },
    { "orgabuseemail", FACT_SUBSTANCE },
    { "organisation", FACT_HOLDER_MAYBE },
    { "organisationname", FACT_HOLDER_MAYBE },
    { "organisationsname", FACT_HOLDER_MAYBE },
    { "organizacion", FACT_HOLDER_MAYBE },
    { "organización", FACT_HOLDER_MAYBE },
    { "organization", FACT_HOLDER_MAYBE },
    { "organizationname", FACT_HOLDER },
    { "orgcountry", FACT_COUNTRY },
    { "orghandle", FACT_CONTACT_HANDLE },
    { "orgid", FACT_SUBSTANCE },
    { "orgname", FACT_HOLDER },
    { "orgname1", FACT_HOLDER_MAYBE },
    { "orgtechemail", FACT_SUBSTANCE },
    { "origin", FACT_SUBSTANCE },
    { "owner", FACT_HOLDER },
    { "ownerc", FACT_SUBSTANCE },
    { "ownercountry", FACT_COUNTRY },
    { "ownerid", FACT_SUBSTANCE },
    { "ownername", FACT_HOLDER },
    { "ownerorganization", FACT_HOLDER },
    { "paese", FACT_COUNTRY },
    { "paidtill", FACT_SUBSTANCE },
    { "pais", FACT_COUNTRY },
    { "pays", FACT_COUNTRY },
    { "país", FACT_COUNTRY },
    { "person", FACT_CONTACT_NAME },
    { "phone", FACT_SUBSTANCE },
    { "primaryserver", FACT_SUBSTANCE },
    { "recordcreated", FACT_SUBSTANCE },
    { "refer", FACT_REFERRAL },
    { "referral", FACT_REFERRAL },
    { "referralserver", FACT_REFERRAL },
    { "referto", FACT_REFERRAL },
    { "registered", FACT_SUBSTANCE },
    { "registeredon", FACT_SUBSTANCE },
    { "registrant", FACT_HOLDER_MAYBE },
    { "registrant1", FACT_HOLDER_MAYBE },
    { "registrantcompany", FACT_HOLDER },
    { "registrantcontact", FACT_SUBSTANCE },
    { "registrantcountry", FACT_COUNTRY },
    { "registrantcountrycode", FACT_COUNTRY },
    { "registrantcountryeconomy", FACT_COUNTRY },
    { "registrantemail", FACT_SUBSTANCE },
    { "registrantid", FACT_SUBSTANCE },
    { "registrantname", FACT_HOLDER_MAYBE },
    { "registrantorg", FACT_HOLDER },
    { "registrantorganisation", FACT_HOLDER },
    { "registrantorganization", FACT_HOLDER },
    { "registranttype", FACT_SUBSTANCE },
    { "registrar", FACT_SUBSTANCE },
    { "registrarianaid", FACT_SUBSTANCE },
    { "registrarid", FACT_SUBSTANCE },
    { "registrarname", FACT_SUBSTANCE },
    { "registrarregistrationexpirationdate", FACT_SUBSTANCE },
    { "registrarurl", FACT_SUBSTANCE },
    { "registrarwhois", FACT_REFERRAL },
    { "registrarwhoisserver", FACT_REFERRAL },
    { "registrationdate", FACT_SUBSTANCE },
    { "registrationstatus", FACT_STATUS },
    { "registrationtime", FACT_SUBSTANCE },
    { "registrydomainid", FACT_HANDLE },
    { "registryexpirydate", FACT_SUBSTANCE },
    { "renewaldate", FACT_SUBSTANCE },
    { "responsible", FACT_SUBSTANCE },
    { "roid", FACT_HANDLE },
    { "role", FACT_CONTACT_NAME },
    { "route", FACT_SUBSTANCE },
    { "route6", FACT_SUBSTANCE },
    { "route6prefix", FACT_PREFIX },
    { "source", FACT_SUBSTANCE },
    { "sponsoringregistrar", FACT_SUBSTANCE },
    { "sponsoringregistrarwhoisserver", FACT_REFERRAL },
    { "stan", FACT_STATUS },
    { "state", FACT_STATUS },
    { "stato", FACT_STATUS },
    { "status", FACT_STATUS },
    { "statut", FACT_STATUS },
    { "stav", FACT_STATUS },
    { "techc", FACT_SUBSTANCE },
    { "techemail", FACT_SUBSTANCE },
    { "technicalcontact", FACT_SUBSTANCE },
    { "titulaire", FACT_HOLDER_MAYBE },
    { "titular", FACT_HOLDER_MAYBE },
    { "updated", FACT_SUBSTANCE },
    { "updateddate", FACT_SUBSTANCE },
    { "validuntil", FACT_SUBSTANCE },
    { "whois", FACT_REFERRAL },
    { "whoisreferral", FACT_REFERRAL },
    { "whoisserver", FACT_REFERRAL },
    { "zonec", FACT_SUBSTANCE },
    { "владелец", FACT_HOLDER_MAYBE },
    { "домен", FACT_DOMAIN },
    { "ドメイン名", FACT_DOMAIN },
    { "ネットワーク名", FACT_SUBSTANCE },
    { "域名", FACT_DOMAIN },
    { "有効期限", FACT_SUBSTANCE },
    { "氏名", FACT_CONTACT_NAME },
    { "注册者", FACT_HOLDER },
    { "状態", FACT_STATUS },
    { "登録年月日", FACT_SUBSTANCE },
    { "登録者", FACT_HOLDER_MAYBE },
    { "登録者名", FACT_HOLDER },
    { "組織名", FACT_HOLDER },
    { "기관명", FACT_HOLDER },
    { "도메인이름", FACT_DOMAIN },
    { "등록인", FACT_HOLDER },
    { "등록일", FACT_SUBSTANCE },
    { "이름", FACT_CONTACT_NAME },
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int compare(const char *word, const char *text, size_t length)
{
    int order = memcmp(word, text, strnlen(word, length));
    return order ? order : (int)(strlen(word) > length) - (int)(strlen(word) < length);
}

static unsigned look_up(const char *text, size_t length)
{
    size_t low = 0, high = COUNT(synonyms);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(synonyms[middle].word, text, length);
        if (!order)
            return synonyms[middle].bits;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* German and Dutch write words together, and so do some who write keys: `abusemail`, `Missbrauchskontakt`. */
static unsigned compound(const char *text, size_t length)
{
    static const char *const stems[] = { "abuse", "abus", "missbrauchs", "missbrauch", "misbruik" };
    unsigned bits = look_up(text, length);
    for (size_t i = 0; !bits && i < COUNT(stems); i++) {
        size_t stem = strlen(stems[i]);
        if (length > stem && memcmp(text, stems[i], stem) == 0)
            bits = WORD_ABUSE | look_up(text + stem, length - stem);
    }
    if (!bits && length > 5 && memcmp(text + length - 5, "abuse", 5) == 0)
        bits = WORD_ABUSE;
    return bits;
}

static bool in_word(char byte)
{
    return isalpha((unsigned char)byte) || (unsigned char)byte >= 0x80;
}

/* Does another word begin at AT, though only a capital says so? `OrgAbuseEmail`, `RNOCEmail`. */
static bool camel(struct slice key, size_t at)
{
    if (!isupper((unsigned char)key.text[at]))
        return false;
    return islower((unsigned char)key.text[at - 1]) ||
           (isupper((unsigned char)key.text[at - 1]) && at + 1 < key.length &&
            islower((unsigned char)key.text[at + 1]));
}

unsigned whois_words(struct slice key)
{
    unsigned bits = 0;
    char word[WORD_MAX];
    for (size_t i = 0; i < key.length;) {
        if (!in_word(key.text[i])) {
            i++;
            continue;
        }
        size_t length = 0;
        do {
            if (length < WORD_MAX)
                word[length++] = (char)tolower((unsigned char)key.text[i]);
            i++;
        } while (i < key.length && in_word(key.text[i]) && !camel(key, i));
        bits |= compound(word, length);
    }
    return bits;
}

const char *whois_role(unsigned words)
{
    /* The first that fits: who is asked `Registrar Admin Email` is the registrar. */
    static const struct {
        unsigned bit;
        const char *role;
    } roles[] = {
        { WORD_ABUSE, "abuse" },       { WORD_REGISTRAR, "registrar" },
        { WORD_RESELLER, "reseller" }, { WORD_BILLING, "billing" },
        { WORD_TECH, "technical" },    { WORD_ADMIN, "administrative" },
        { WORD_NOC, "noc" },           { WORD_SECURITY, "security" },
        { WORD_REGISTRY, "registry" }, { WORD_REGISTRANT, "registrant" },
    };
    for (size_t i = 0; i < COUNT(roles); i++)
        if (words & roles[i].bit)
            return roles[i].role;
    return "contact";
}

enum whois_fact whois_fact(struct slice key)
{
    char squeezed[WORD_MAX];
    size_t length = 0, low = 0, high = COUNT(tellings);
    for (size_t i = 0; i < key.length; i++) {
        if (!in_word(key.text[i]) && !isdigit((unsigned char)key.text[i]))
            continue;
        if (length == WORD_MAX)
            return FACT_NONE;
        squeezed[length++] = (char)tolower((unsigned char)key.text[i]);
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(tellings[middle].key, squeezed, length);
        if (!order)
            return tellings[middle].fact;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return FACT_NONE;
}

bool whois_words_sorted(void)
{
    for (size_t i = 1; i < COUNT(synonyms); i++)
        if (strcmp(synonyms[i - 1].word, synonyms[i].word) >= 0)
            return false;
    for (size_t i = 1; i < COUNT(tellings); i++)
        if (strcmp(tellings[i - 1].key, tellings[i].key) >= 0)
            return false;
    return true;
}

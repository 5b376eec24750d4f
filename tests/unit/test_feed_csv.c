#include "tests/unit/feed_case.h"

#include <stdio.h>

static void test_plain(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "domain,ip,port,timestamp,type,issue,description\n"
                    "WWW.Bakery.Example.,192.0.2.7,443,2026-08-10 14:10:59,phishing,kit,a note\n",
                    "2 bakery.example {\"source.fqdn\":\"www.bakery.example\",\"source.ip\":\"192.0.2.7\","
                    "\"source.port\":443,\"time.source\":\"2026-08-10T14:10:59+00:00\",\"classification.type\":"
                    "\"phishing\",\"classification.identifier\":\"kit\",\"event_description.text\":\"a note\"}\n"
                    "(csv)");
}

static void test_dialects(void **state)
{
    (void)state;
    static const char *const files[] = {
        "domain;ip\nbakery.example;192.0.2.7\n",
        "domain\tip\r\nbakery.example\t192.0.2.7\r\n",
        "domain|ip\nbakery.example|192.0.2.7",
        "\xef\xbb\xbf\"domain\",\"ip\"\r\n\"bakery.example\",\"192.0.2.7\"\r\n",
        "domain,ip\rbakery.example,192.0.2.7\r",
        " Domain , IP Address \nbakery.example , 192.0.2.7 \n",
        "Domain Name,\"ip-address\"\nbakery.example, \"192.0.2.7\" \n",
        "source.fqdn,source.ip\nbakery[.]example,192.0.2[.]7\n",
    };
    for (size_t i = 0; i < COUNT(files); i++)
        feed_case_check(NULL, files[i],
                        "2 bakery.example {\"source.fqdn\":\"bakery.example\",\"source.ip\":\"192.0.2.7\"}\n(csv)");
}

static void test_delimiter_by_names_not_by_number(void **state)
{
    (void)state;
    feed_case_check(
        NULL, "domain;note\nbakery.example;a, b, c, d\n",
        "2 bakery.example {\"source.fqdn\":\"bakery.example\",\"event_description.text\":\"a, b, c, d\"}\n(csv)");
}

static void test_quotes(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "domain,note,city\n"
                    "a.example,\"say \"\"hi\"\", twice\",X\n"
                    "b.example,\"two\r\nlines, \"\"both\"\" fine\",Y\n"
                    "c.example,5\" screen,Z\n"
                    "d.example,\"a \"stray\" quote\",W\n"
                    "e.example,\"\",V\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"event_description.text\":\"say \\\"hi\\\", "
                    "twice\",\"source.geolocation.city\":\"X\"}\n"
                    "3 b.example {\"source.fqdn\":\"b.example\",\"event_description.text\":\"two\\r\\nlines, "
                    "\\\"both\\\" fine\",\"source.geolocation.city\":\"Y\"}\n"
                    "5 c.example {\"source.fqdn\":\"c.example\",\"event_description.text\":\"5\\\" "
                    "screen\",\"source.geolocation.city\":\"Z\"}\n"
                    "6 d.example {\"source.fqdn\":\"d.example\",\"event_description.text\":\"a \\\"stray\\\" "
                    "quote\",\"source.geolocation.city\":\"W\"}\n"
                    "7 e.example {\"source.fqdn\":\"e.example\",\"source.geolocation.city\":\"V\"}\n(csv)");
}

static void test_open_quote_costs_one_line(void **state)
{
    (void)state;
    feed_case_check(NULL, "domain,ip\n\"a.example,192.0.2.1\nb.example,192.0.2.2\nc.example,192.0.2.3\n",
                    "2! a quote is opened and not closed where a cell ends [\"a.example,192.0.2.1]\n"
                    "3 b.example {\"source.fqdn\":\"b.example\",\"source.ip\":\"192.0.2.2\"}\n"
                    "4 c.example {\"source.fqdn\":\"c.example\",\"source.ip\":\"192.0.2.3\"}\n(csv)");
    /* The next quoted line ends it, before the file does. */
    feed_case_check(NULL,
                    "domain,ip\n\"a.example,192.0.2.1\nb.example,192.0.2.2\n\"c.example\",\"192.0.2.3\"\nd.example,\n",
                    "2! a quote is opened and not closed where a cell ends [\"a.example,192.0.2.1]\n"
                    "3 b.example {\"source.fqdn\":\"b.example\",\"source.ip\":\"192.0.2.2\"}\n"
                    "4 c.example {\"source.fqdn\":\"c.example\",\"source.ip\":\"192.0.2.3\"}\n"
                    "5 d.example {\"source.fqdn\":\"d.example\"}\n(csv)");
    /* It closes by chance, where a record has just as many columns: nobody can tell. */
    feed_case_check(
        NULL, "domain,note\n\"a.example,x\nb.example,y\nc.example,z\",5\" w\nd.example,v\n",
        "2! no valid domain: 'a.example,x?b.example,y?c.example,z' [\"a.example,x\nb.example,y\nc.example,z\",5\" w]\n"
        "5 d.example {\"source.fqdn\":\"d.example\",\"event_description.text\":\"v\"}\n(csv)");
}

static void test_open_quote_that_closes_by_chance(void **state)
{
    (void)state;
    feed_case_check(NULL, "domain,note\n\"a.example,x\nb.example,y\nc.example,z\"\nd.example,v\n",
                    "2! a quote is opened and not closed where a cell ends [\"a.example,x]\n"
                    "3 b.example {\"source.fqdn\":\"b.example\",\"event_description.text\":\"y\"}\n"
                    "4 c.example {\"source.fqdn\":\"c.example\",\"event_description.text\":\"z\\\"\"}\n"
                    "5 d.example {\"source.fqdn\":\"d.example\",\"event_description.text\":\"v\"}\n(csv)");
}

static void test_open_quotes_stay_cheap(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "domain,ip\n");
    for (int i = 0; i < 20000; i++)
        buf_add_string(&data, i % 2 ? "\"\"\"x,\n" : "\"a.example,192.0.2.1\n");
    buf_add_string(&data, "z.example,192.0.2.9\n");
    char *text = feed_case_read(NULL, data.data, data.length, 65536);
    assert_non_null(strstr(text, "\n20002 z.example {"));
    free(text);
    buf_free(&data);
}

static void test_record_limit(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "domain,note\na.example,\"");
    for (int i = 0; i < 7000; i++)
        buf_add_string(&data, "123456789\n");
    buf_add_string(&data, "\"\nb.example,x\n");
    char *text = feed_case_read(NULL, data.data, data.length, 1000);
    assert_int_equal(strncmp(text, "2! a quote is opened", 20), 0);
    assert_non_null(strstr(text, "\n3! 1 columns where 2 are needed [123456789]\n"));
    assert_non_null(strstr(text, "\n7003 b.example {"));
    free(text);
    buf_truncate(&data, 0);
    buf_add_string(&data, "domain,note\na.example,");
    for (int i = 0; i < 7000; i++)
        buf_add_string(&data, "1234567890");
    buf_add_string(&data, "\nb.example,x\n");
    text = feed_case_read(NULL, data.data, data.length, 1000);
    assert_int_equal(strncmp(text, "2! a line longer than 64 KiB [a.example,123", 43), 0);
    assert_non_null(strstr(text, "\n3 b.example {"));
    free(text);
    buf_free(&data);
}

static void test_judgement(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "domain,ip,time,port\n"
        "localhost,,,\n"
        "com,,,\n"
        "exa mple.com,,,\n"
        "exa mple.com,192.0.2.1,,\n"
        "a.example,300.1.2.3,,\n"
        "a.example,,yesterday,\n"
        "a.example,192.0.2.1\n"
        ",,2026-08-10,\n"
        "co.uk,,,\n"
        "co.uk,192.0.2.1,,\n"
        "-,2001:DB8::1,n/a,NULL\n"
        "192.0.2.9,,,\n"
        "a.example:8443,,,\n"
        "https://a.example/x,,,\n"
        "a.example,192.0.2.1:80,,\n"
        "a.example,192.0.2.0/24,,\n"
        ",192.0.2.0/24,,\n"
        "a.example,,,http\n"
        "\"a.example\r\nBcc: b@c.example\",192.0.2.1,,\n"
        "b.blogspot.com,,,\n"
        ",,,\n"
        "\n",
        "2! no valid domain: 'localhost' [localhost,,,]\n"
        "3! no valid domain: 'com' [com,,,]\n"
        "4! no valid domain: 'exa mple.com' [exa mple.com,,,]\n"
        "5 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"extra.source.fqdn\":\"exa mple.com\"}\n"
        "6! no valid address: '300.1.2.3' [a.example,300.1.2.3,,]\n"
        "7! the time cannot be read: 'yesterday' [a.example,,yesterday,]\n"
        "8! 2 columns where 4 are needed [a.example,192.0.2.1]\n"
        "9! names no domain, address or URL [,,2026-08-10,]\n"
        "10! nobody's domain but a public suffix: 'co.uk' [co.uk,,,]\n"
        "11 192.0.2.1 {\"source.fqdn\":\"co.uk\",\"source.ip\":\"192.0.2.1\"}\n"
        "12 2001:db8::1 {\"source.ip\":\"2001:db8::1\"}\n"
        "13 192.0.2.9 {\"source.ip\":\"192.0.2.9\"}\n"
        "14 a.example {\"source.fqdn\":\"a.example\",\"source.port\":8443}\n"
        "15 a.example {\"source.fqdn\":\"a.example\",\"source.url\":\"https://a.example/x\"}\n"
        "16 a.example {\"source.fqdn\":\"a.example\",\"source.ip\":\"192.0.2.1\",\"source.port\":80}\n"
        "17 a.example {\"source.fqdn\":\"a.example\",\"source.network\":\"192.0.2.0/24\"}\n"
        "18 192.0.2.0 {\"source.network\":\"192.0.2.0/24\"}\n"
        "19 a.example {\"source.fqdn\":\"a.example\",\"extra.source.port\":\"http\"}\n"
        "20! no valid domain: 'a.example??Bcc: b@c.example' [\"a.example\r\nBcc: b@c.example\",192.0.2.1,,]\n"
        "22 b.blogspot.com {\"source.fqdn\":\"b.blogspot.com\"}\n"
        "(csv)");
}

static void test_columns(void **state)
{
    (void)state;
    /* `hostname` beside an address is reverse DNS; alone it is the host. */
    feed_case_check(NULL, "ip,hostname\n192.0.2.1,dial-1.isp.example\n",
                    "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"source.reverse_dns\":\"dial-1.isp.example\"}\n(csv)");
    feed_case_check(NULL, "hostname,time\na.example,1786371059\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-10T14:10:59+00:00\"}\n(csv)");
    /* The surest name wins, the other is kept. */
    feed_case_check(NULL, "host,fqdn\na.example,b.example\n",
                    "2 b.example {\"source.fqdn\":\"b.example\",\"extra.host\":\"a.example\"}\n(csv)");
    feed_case_check(NULL, "Domain;Seen at\na.example;2026-11-20 14:10:59\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-11-20T14:10:59+00:00\"}\n(csv)");
    /* Unknown ones keep their names, as far as they are safe. */
    feed_case_check(NULL, "fqdn,Größe (MB),,grösse (mb),raw\na.example,1,2,3,4\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"extra.gr__e__mb_\":\"1\",\"extra.column_3\":\"2\","
                    "\"extra.gr_sse__mb_\":\"3\"}\n(csv)");
    feed_case_check(NULL, "fqdn,a b,a/b\na.example,1,2\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"extra.a_b\":\"1\",\"extra.a_b_3\":\"2\"}\n(csv)");
    feed_case_check(NULL, "ip,asn,url\n192.0.2.1,AS64500,hxxp[:]//www[.]a[.]example:8080/x?y\n",
                    "2 a.example {\"source.fqdn\":\"www.a.example\",\"source.ip\":\"192.0.2.1\",\"source.port\":8080,"
                    "\"source.url\":\"http://www.a.example:8080/x?y\",\"source.asn\":64500}\n(csv)");
}

static void test_mapping(void **state)
{
    (void)state;
    static const struct feed_column columns[] = { { "host name", "source.fqdn" },
                                                  { "3", "classification.identifier" },
                                                  { "Secret", "" },
                                                  { "Mood", "extra.feeling" } };
    const struct feed_options options = { .columns = columns, .column_count = COUNT(columns), .default_type = "scan" };
    feed_case_check(
        &options, "Host Name,ip,what,secret,mood\na.example,192.0.2.1,drone,42,good\n",
        "2 a.example {\"source.fqdn\":\"a.example\",\"classification.type\":\"scan\","
        "\"classification.identifier\":\"drone\",\"extra.ip\":\"192.0.2.1\",\"extra.feeling\":\"good\"}\n(csv)");
    /* A mapping that names no host leaves that to the common names. */
    static const struct feed_column only_type[] = { { "what", "classification.identifier" } };
    const struct feed_options partial = { .columns = only_type, .column_count = 1 };
    feed_case_check(&partial, "domain,what\na.example,drone\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"classification.identifier\":\"drone\"}\n(csv)");
}

static void test_no_header(void **state)
{
    (void)state;
    static const struct feed_column columns[] = { { "1", "source.fqdn" }, { "2", "time.source" } };
    const struct feed_options options = { .columns = columns, .column_count = 2, .no_header = true };
    feed_case_check(
        &options, "a.example,2026-08-10,x\nb.example,2026-08-10\nc.example\n",
        "1 a.example "
        "{\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-10T00:00:00+00:00\",\"extra.column_3\":\"x\"}\n"
        "2 b.example {\"source.fqdn\":\"b.example\",\"time.source\":\"2026-08-10T00:00:00+00:00\"}\n"
        "3! 1 columns where 2 are needed [c.example]\n(csv)");
    const struct feed_options none = { .no_header = true };
    feed_case_check(&none, "a.example,b\n",
                    "!! line 1: there is no header, and no column from 1 to 2 is mapped to source.fqdn, source.ip or "
                    "source.url: map columns by number (1: source.fqdn)");
}

static void test_comments(void **state)
{
    (void)state;
    feed_case_check(NULL, "# made \"today\n\n  # by me\ndomain,n\n# half way\na.example,#1\n#b.example,2\n",
                    "6 a.example {\"source.fqdn\":\"a.example\",\"extra.n\":\"#1\"}\n(csv)");
    /* A row whose first column may hold anything is no comment. */
    feed_case_check(NULL, "n,domain\n#1,a.example\n# end\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"extra.n\":\"#1\"}\n(csv)");
}

/* A header in a comment, the last of several; comments of other kinds; a line that declares the delimiter. */
static void test_preambles(void **state)
{
    (void)state;
    static const char *const files[] = {
        "# made on Monday, for you\n# domain,ip\nbakery.example,192.0.2.7\n",
        "#domain;ip\n#\n\nbakery.example;192.0.2.7\n# end; really\n",
        "; domain, ip\n;\nbakery.example, 192.0.2.7\n; end\n",
        "// domain|ip\nbakery.example|192.0.2.7\n",
        "%domain\tip\nbakery.example\t192.0.2.7\n",
        "# ip,domain\ndomain,ip\nbakery.example,192.0.2.7\n",
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        char *text = feed_case_read(NULL, files[i], strlen(files[i]), 7);
        assert_non_null(
            strstr(text, " bakery.example {\"source.fqdn\":\"bakery.example\",\"source.ip\":\"192.0.2.7\"}\n(csv)"));
        free(text);
    }
    static const char *const declared[] = {
        "sep=;\ndomain;ip,port\nbakery.example;x\n",
        "\xef\xbb\xbf\"sep=;\"\r\ndomain;ip,port\r\nbakery.example;x\r\n",
    };
    for (size_t i = 0; i < COUNT(declared); i++)
        feed_case_check(NULL, declared[i],
                        "3 bakery.example {\"source.fqdn\":\"bakery.example\",\"extra.ip_port\":\"x\"}\n(csv)");
    feed_case_check(
        NULL, "# what,where\nshop,bakery\n",
        "!! line 2: no column is known to hold a domain, an address or a URL; the columns are 'shop', 'bakery': "
        "map one (COLUMN: source.fqdn, source.ip or source.url), or say that the first row is data (header: "
        "no)");
}

static void test_languages(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "Domain;IP-Adresse;Port;Zeitstempel",         "Dom\xc3\xa4ne;IPAdresse;PORT;Zeitpunkt",
        "Nom de domaine;Adresse IP;port;Horodatage",  "Dominio;Direcci\xc3\xb3n IP;Puerto;Fecha",
        "DOMINIO;DIRECCI\xc3\x93N_IP;PUERTO;FECHA",   "dominio;Direccio\xcc\x81n IP;puerto;fecha y hora",
        "nome dominio;indirizzo IP;porta;data e ora", "Domeinnaam;IP-adres;poort;tijdstip",
        "domena;adres IP;port;znacznik czasu",        "Dom\xe4n;Adress;port;tidpunkt", /* Latin-1 */
        "VictimDomain;ClientIP;Port;LastSeen",        "DomainName;IpAddress;PortNumber;eventTime",
    };
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct buf data = BUF_EMPTY;
        buf_add_format(&data, "%s\nbakery.example;192.0.2.7;443;2026-08-10 14:10:59\n", headers[i]);
        feed_case_check(NULL, data.data,
                        "2 bakery.example {\"source.fqdn\":\"bakery.example\",\"source.ip\":\"192.0.2.7\","
                        "\"source.port\":443,\"time.source\":\"2026-08-10T14:10:59+00:00\"}\n(csv)");
        buf_free(&data);
    }
}

static void test_day_and_clock(void **state)
{
    (void)state;
    static const char *const files[] = {
        "domain,date,time\na.example,2026-08-10,14:10:59\n",
        "Uhrzeit;Datum;Domain\n14:10:59;10.08.2026;a.example\n",
        "domaine,heure,jour\na.example,14:10:59,2026-08-10\n",
        "domain,time,date\na.example,2026-08-10 14:10:59,2026-08-10\n",
        "domain,time,date\na.example,,2026-08-10 14:10:59\n",
    };
    for (size_t i = 0; i < COUNT(files); i++)
        feed_case_check(
            NULL, files[i],
            "2 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-10T14:10:59+00:00\"}\n(csv)");
    feed_case_check(NULL, "domain,date,timestamp,time\na.example,x,2026-08-10 14:10:59,14:10\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-10T14:10:59+00:00\","
                    "\"extra.date\":\"x\",\"extra.time\":\"14:10\"}\n(csv)");
}

/* One value above 12 tells for the file; without one, or with two that disagree, nobody can tell. */
static void test_order_of_dates(void **state)
{
    (void)state;
    feed_case_check(NULL, "ip,date\n192.0.2.1,10/08/2026\n192.0.2.2,25/08/2026\n",
                    "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"time.source\":\"2026-08-10T00:00:00+00:00\"}\n"
                    "3 192.0.2.2 {\"source.ip\":\"192.0.2.2\",\"time.source\":\"2026-08-25T00:00:00+00:00\"}\n(csv)");
    feed_case_check(NULL, "ip,date,time\n192.0.2.1,08/10/2026,14:10\n192.0.2.2,08/25/2026,14:10\n",
                    "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"time.source\":\"2026-08-10T14:10:00+00:00\"}\n"
                    "3 192.0.2.2 {\"source.ip\":\"192.0.2.2\",\"time.source\":\"2026-08-25T14:10:00+00:00\"}\n(csv)");
    feed_case_check(NULL, "ip,date\n192.0.2.1,10/08/2026\n192.0.2.2,08/08/2026\n",
                    "2! the day may be the month, and no other row of the file's beginning tells (write 2026-12-31): "
                    "'10/08/2026' [192.0.2.1,10/08/2026]\n"
                    "3 192.0.2.2 {\"source.ip\":\"192.0.2.2\",\"time.source\":\"2026-08-08T00:00:00+00:00\"}\n(csv)");
}

static void test_windows_1252(void **state)
{
    (void)state;
    feed_case_check(NULL, "domain,note\na.example,\x80 5 \x93x\x94 \x81\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"event_description.text\":\"\xe2\x82\xac 5 "
                    "\xe2\x80\x9cx\xe2\x80\x9d \xc2\x81\"}\n(csv)");
}

static void test_latin1(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "domain,note\nb\xe4"
        "ckerei.example,f\xfcr\nb\xc3\xa4"
        "ckerei.example,f\xc3\xbcr\n",
        "2 xn--bckerei-5wa.example {\"source.fqdn\":\"xn--bckerei-5wa.example\",\"event_description.text\":\"für\"}\n"
        "3 xn--bckerei-5wa.example "
        "{\"source.fqdn\":\"xn--bckerei-5wa.example\",\"event_description.text\":\"für\"}\n(csv)");
}

/* What is said comes before what the bytes look like; those that cannot be it are refused, and shown as they are. */
static void test_declared_encoding(void **state)
{
    (void)state;
    static const char wrong[] = "{\"source.fqdn\":\"a.example\",\"n\":\"f\xfcr\"}\n";
    const struct feed_options utf8 = { .encoding = "utf-8" }, latin1 = { .encoding = "latin1" };
    static const char rows[] = "domain,note\na.example,f\xc3\xbcr\nb.example,f\xfcr\nc.example,x\x81\n";
    feed_case_check(&utf8, rows,
                    "2 a.example {\"source.fqdn\":\"a.example\",\"event_description.text\":\"für\"}\n"
                    "3! not in UTF-8, as was said (encoding) [b.example,f\xfcr]\n"
                    "4! not in UTF-8, as was said (encoding) [c.example,x\x81]\n(csv)");
    feed_case_check(&latin1, rows,
                    "2 a.example {\"source.fqdn\":\"a.example\",\"event_description.text\":\"fÃ¼r\"}\n"
                    "3 b.example {\"source.fqdn\":\"b.example\",\"event_description.text\":\"für\"}\n"
                    "4! not in Latin-1, as was said (encoding) [c.example,x\x81]\n(csv)");
    feed_case_check(&utf8,
                    "domain,Gr\xf6\xdf"
                    "e\na.example,1\n",
                    "!! line 1: the name of column 2 is not in UTF-8, as was said (encoding)");
    feed_case_check(&utf8,
                    "a.example\nb\xfc"
                    "cher.example\nb\xc3\xbc"
                    "cher.example\n",
                    "1 a.example {\"source.fqdn\":\"a.example\"}\n"
                    "2! not in UTF-8, as was said (encoding) [b\xfc"
                    "cher.example]\n"
                    "3 xn--bcher-kva.example {\"source.fqdn\":\"xn--bcher-kva.example\"}\n(list)");
    feed_case_check(
        &latin1,
        "{\"source.fqdn\":\"a.example\",\"n\":\"f\xc3\xbcr\"}\n{\"source.fqdn\":\"b.example\",\"n\":\"\x81\"}\n",
        "1 a.example {\"source.fqdn\":\"a.example\",\"extra.n\":\"fÃ¼r\"}\n"
        "2! not in Latin-1, as was said (encoding) [{\"source.fqdn\":\"b.example\",\"n\":\"\x81\"}]\n(jsonl)");
    feed_case_check_start(&utf8, wrong, strlen(wrong), "1! no JSON: ");
}

static void test_time_without_a_year(void **state)
{
    (void)state;
    const struct feed_options came = { .received = 1786371059 }; /* 2026-08-10 */
    feed_case_check(&came, "domain,timestamp\na.example,Aug  9 14:10:59\nb.example,Nov 24 14:10:59\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-09T14:10:59+00:00\"}\n"
                    "3 b.example {\"source.fqdn\":\"b.example\",\"time.source\":\"2025-11-24T14:10:59+00:00\"}\n(csv)");
}

static void test_refused_whole(void **state)
{
    (void)state;
    static const struct feed_column bad[] = { { "a", "source.fdqn" } };
    static const struct feed_column twice[] = { { "a", "source.fqdn" }, { "b", "source.fqdn" } };
    const struct feed_options typo = { .columns = bad, .column_count = 1 };
    const struct feed_options doubled = { .columns = twice, .column_count = 2 };
    const struct feed_options unknown = { .format = "xml" };
    feed_case_check(NULL, "domain,IP,ip\na.example,1,2\n",
                    "!! line 1: columns 2 and 3 are both called 'ip': map them by number, or drop one (3: \"\")");
    feed_case_check(
        NULL, "alpha,beta\n1,2\n",
        "!! line 1: no column is known to hold a domain, an address or a URL; the columns are 'alpha', 'beta': map "
        "one (COLUMN: source.fqdn, source.ip or source.url), or say that the first row is data (header: no)");
    feed_case_check(
        &typo, "a\nb.example\n",
        "!! the mapping gives column 'a' to the unknown field 'source.fdqn'; fields are named as in IntelMQ "
        "(source.fqdn, source.ip, source.url, time.source, …), others extra.NAME");
    feed_case_check(&doubled, "a,b\nc.example,d.example\n",
                    "!! line 1: columns 1 and 2 are both mapped to source.fqdn");
    feed_case_check(&unknown, "a,b\n",
                    "!! no format is called 'xml'; there are auto, jsonl, json, csv, list, xarf, n6, crowdsec");
    feed_case_check(NULL, "", "!! it is empty");
    feed_case_check(NULL, "  <!DOCTYPE HTML><p>x",
                    "!! it is a web page (HTML): convert its table to CSV, or its list to one domain a line");
    feed_case_check_start(NULL, "<?xml version='1.0'?>", 21, "!! it is XML");
    feed_case_check_start(NULL, "<?xml version='1.0'?><IODEF-Document>", 37, "!! it is IODEF: convert it to CSV");
    static const char prose[] =
        "Dear colleagues,\n\nwe have seen that the following hosts were used\nto send spam to us in "
        "the last days.\nPlease look into it, and tell us.\nThe host a.example is one of them\n";
    feed_case_check_start(NULL, prose, sizeof prose - 1, "!! it is prose: make a list of it");
    feed_case_check_start(NULL, "<stix:STIX_Package>", 19, "!! it is STIX");
    feed_case_check_start(NULL, "{\"type\": \"bundle\", \"objects\": []}", 33, "!! it is STIX");
    feed_case_check_start(NULL, "PK\x03\x04", 4, "!! it is a zip archive");
    feed_case_check_start(NULL,
                          "\xff\xfe"
                          "d\0o\0",
                          6, "!! it is UTF-16");
    feed_case_check_start(NULL, "d\0o\0m\0a\0i\0n\0\n\0", 14, "!! it is UTF-16");
    feed_case_check_start(NULL,
                          "\x7f"
                          "ELF\0\0\1\n\0\0\n",
                          11, "!! it is binary");
}

static void test_nul_costs_one_line(void **state)
{
    (void)state;
    static const char data[] = "domain\na.example\nb.ex\0ample\nc.example\n\"d\ne\0\nf.example\n";
    char *text = feed_case_read(NULL, data, sizeof data - 1, 5);
    assert_string_equal(text, "2 a.example {\"source.fqdn\":\"a.example\"}\n3! a NUL byte in it [b.ex]\n"
                              "4 c.example {\"source.fqdn\":\"c.example\"}\n"
                              "5! a quote is opened and not closed where a cell ends [\"d]\n6! a NUL byte in it [e]\n"
                              "7 f.example {\"source.fqdn\":\"f.example\"}\n(csv)");
    free(text);
}

static void test_too_many_columns(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "domain\na.example");
    for (int i = 0; i < 600; i++)
        buf_add_char(&data, ',');
    buf_add_string(&data, "\nb.example\n");
    char *text = feed_case_read(NULL, data.data, data.length, 100);
    assert_int_equal(strncmp(text, "2! more than 512 columns [", 26), 0);
    assert_non_null(strstr(text, "\n3 b.example {"));
    free(text);
    buf_free(&data);
}

static int stop(void *context, const struct incident *incident)
{
    (void)incident;
    return ++*(int *)context == 2 ? -75 : 0;
}

static int ignore(void *context, unsigned long line, const char *reason, const char *row, size_t length)
{
    (void)context;
    (void)line;
    (void)reason;
    (void)row;
    (void)length;
    return 0;
}

static void test_sink_stops_the_feed(void **state)
{
    (void)state;
    static const struct feed_sink sink = { stop, ignore };
    int seen = 0;
    struct error error;
    struct feed *feed = feed_open(NULL, &sink, &seen);
    static const char data[] = "domain\na.example\nb.example\nc.example\n";
    assert_null(feed_format_name(feed));
    assert_int_equal(feed_push(feed, data, sizeof data - 1, &error), 0);
    assert_int_equal(feed_finish(feed, &error), -75);
    assert_int_equal(seen, 2);
    assert_int_equal(feed_push(feed, data, 1, &error), -75);
    feed_free(feed);
}

/* A file with everything in it, as long as several samples, cut everywhere. */
static void test_cuts(void **state)
{
    (void)state;
    static const char pieces[] = "a.example,192.0.2.1,\"x\r\ny, \"\"z\"\"\"\r\n"
                                 "\"open.example,192.0.2.2,none\n"
                                 "b.example,300.1.1.1,bad\n"
                                 "\"stray\"x.example,192.0.2.3,w\n"
                                 "c.example\n"
                                 "# comment\n\n"
                                 "b\xe4"
                                 "ck.example,,latin\n"
                                 "nul\0.example,,x\n"
                                 "\"d.example\",,\"tail\"\n";
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "\xef\xbb\xbf# first\r\ndomain,ip,note\r\n");
    for (int i = 0; i < 150; i++)
        buf_add(&data, pieces, sizeof pieces - 1);
    for (int i = 0; i < 7000; i++)
        buf_add_string(&data, "a long li");
    feed_case_check_cuts(NULL, data.data, data.length);
    for (int i = 0; i < 700; i++)
        buf_add_string(&data, "ne, really");
    buf_add_string(&data, "\nz.example,,\"never closed");
    feed_case_check_cuts(NULL, data.data, data.length);
    for (size_t length = 0; length < 300; length++)
        feed_case_check_cuts(NULL, data.data, length);
    buf_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_delimiter_by_names_not_by_number),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_open_quote_costs_one_line),
        cmocka_unit_test(test_open_quote_that_closes_by_chance),
        cmocka_unit_test(test_open_quotes_stay_cheap),
        cmocka_unit_test(test_record_limit),
        cmocka_unit_test(test_judgement),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_mapping),
        cmocka_unit_test(test_no_header),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_preambles),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_day_and_clock),
        cmocka_unit_test(test_windows_1252),
        cmocka_unit_test(test_order_of_dates),
        cmocka_unit_test(test_latin1),
        cmocka_unit_test(test_declared_encoding),
        cmocka_unit_test(test_time_without_a_year),
        cmocka_unit_test(test_refused_whole),
        cmocka_unit_test(test_nul_costs_one_line),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_sink_stops_the_feed),
        cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

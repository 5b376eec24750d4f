#include "daemon/contact/json_tape.h"
#include "daemon/contact/rdap_read.h"

#include "daemon/base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* JSON in short: a `'` is a `"`. In a block of its very size, so that a byte too far is found. */
static int read_text(const char *text, struct registration *out)
{
    size_t length = strlen(text);
    char *bytes = malloc(length ? length : 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = text[i] == '\'' ? '"' : text[i];
    int code = rdap_read(bytes, length, out);
    free(bytes);
    return code;
}

static void join(const struct registration_contact *items, size_t count, bool roles, struct buf *out)
{
    buf_add_string(out, "");
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, "%s%s%s%s", i ? " " : "", roles ? items[i].role : "", roles ? "=" : "", items[i].address);
}

static void check_abuse(const char *text, const char *abuse, const char *contacts)
{
    struct registration registration;
    struct buf line = BUF_EMPTY;
    assert_int_equal(read_text(text, &registration), 0);
    assert_int_equal(registration.status, REGISTRATION_FOUND);
    join(registration.abuse, registration.abuse_count, false, &line);
    assert_string_equal(line.data, abuse);
    buf_truncate(&line, 0);
    join(registration.contacts, registration.contact_count, true, &line);
    if (contacts)
        assert_string_equal(line.data, contacts);
    buf_free(&line);
    registration_clear(&registration);
}

#define ENTITY(roles, properties)                                                                                      \
    "{'objectClassName':'entity','roles':[" roles "],'vcardArray':['vcard',[" properties "]]}"
#define EMAIL(address) "['email',{},'text','" address "']"
#define DOMAIN(rest) "{'objectClassName':'domain','ldhName':'shop.example','entities':[" rest "]}"

static const struct {
    const char *text, *abuse, *contacts;
} rows[] = {
    /* One inside the registrar, as ICANN's profile has it; the registrar's own mailbox is none for abuse. */
    { DOMAIN("{'roles':['registrar'],'vcardArray':['vcard',[" EMAIL("info@registrar.example") "]],'entities':[" ENTITY(
          "'technical','abuse'", EMAIL("Abuse@Registrar.example")) "]}"),
      "abuse@registrar.example", "registrar=info@registrar.example" },
    /* The nearest first, wherever it stands; the same one at two depths once. */
    { "{'startAddress':'192.0.2.0','entities':[{'roles':['registrant'],'entities':[" ENTITY(
          "'abuse'",
          EMAIL("far@net.example")) "," ENTITY("'abuse'",
                                               EMAIL("near@net.example")) "]}," ENTITY("'noc','abuse'",
                                                                                       EMAIL("near@net.example")) "]}",
      "near@net.example far@net.example", "" },
    /* A mailbox that is both is for abuse, whichever comes first. */
    { DOMAIN(ENTITY("'registrant'", EMAIL("all@shop.example")) "," ENTITY("'abuse'", EMAIL("all@shop.example"))),
      "all@shop.example", "" },
    /* `pref`: the lowest first, as a string or a number; without it, last. Then the type. */
    { DOMAIN(ENTITY("'abuse'",
                    EMAIL("help@net.example") ",['email',{'pref':'2'},'text','b@net.example'],['email',{'pref':1},"
                                              "'text','a@net.example'],['email',{'type':['work','abuse']},'text','c@"
                                              "net.example']")),
      "a@net.example b@net.example c@net.example help@net.example", "" },
    /* Several in one value; a list; a URI with header fields; a name beside it. */
    { DOMAIN(ENTITY("'abuse'",
                    "['EMAIL',{},'text','a@net.example, b@net.example','c@net.example'],"
                    "['email',{},'text',['d@net.example']],['email',{},'uri','mailto:e%40net.example?subject=x'],"
                    "['email',{},'text','Desk <f@net.example>']")),
      "a@net.example b@net.example c@net.example d@net.example e@net.example f@net.example", "" },
    { DOMAIN(ENTITY(
          "'abuse'",
          "['contact-uri',{},'uri','https://net.example/form'],['contact-uri',{},'uri','mailto:a@net.example']")),
      "a@net.example", "" },
    { DOMAIN("{'roles':['abuse'],'contact_URI':'mailto:a@net.example','vcardArray':['vcard',[]]}"), "a@net.example",
      "" },
    /* A mailbox in the texts of a card counts where it has none of its own. */
    { DOMAIN(ENTITY(
          "'abuse'",
          "['fn',{},'text','Desk'],['note',{},'text','write to a@net.example'],['uid',{},'text','7@net.example']")),
      "a@net.example", "" },
    { DOMAIN(ENTITY("'abuse'", EMAIL("a@net.example") ",['note',{},'text','not to b@net.example']")), "a@net.example",
      "" },
    /* Placeholders and masks are no addresses; a registry's own is never one. */
    { DOMAIN(ENTITY(
          "'abuse'",
          EMAIL("DATA REDACTED") "," EMAIL("") "," EMAIL("a***@net.example") "," EMAIL(
              "mailto:a%2a@net."
              "example") "," EMAIL("Please query the RDDS "
                                   "service") "," EMAIL("https://net.example/form") "," EMAIL("helpdesk@apnic."
                                                                                              "net") "," EMAIL("R"
                                                                                                               "E"
                                                                                                               "D"
                                                                                                               "A"
                                                                                                               "C"
                                                                                                               "T"
                                                                                                               "E"
                                                                                                               "D"
                                                                                                               " "
                                                                                                               "F"
                                                                                                               "O"
                                                                                                               "R"
                                                                                                               " "
                                                                                                               "P"
                                                                                                               "R"
                                                                                                               "I"
                                                                                                               "V"
                                                                                                               "A"
                                                                                                               "C"
                                                                                                               "Y"))),
      "", "" },
    { "{'objectClassName':'domain','redacted':[{'name':{'type':'Tech "
      "Email'},'method':'removal','reason':{'description':'x@y.example'}}],"
      "'entities':[" ENTITY("'technical'", EMAIL("")) "]}",
      "", "" },
    /* Nobody is designated: the others are not promoted. */
    { DOMAIN(ENTITY("'abuse'", "['fn',{},'text','Desk']") "," ENTITY("'registrant'", EMAIL("abuse@shop.example"))), "",
      "registrant=abuse@shop.example" },
    { DOMAIN(ENTITY("'sponsor'", EMAIL("a@net.example")) "," ENTITY("", EMAIL("b@net.example"))), "",
      "sponsor=a@net.example unknown=b@net.example" },
    /* … unless the mailbox itself says so. */
    { DOMAIN(ENTITY("'registrant'", EMAIL("a@net.example") ",['email',{'type':'abuse'},'text','b@net.example']")),
      "b@net.example", "registrant=a@net.example" },
    /* JSContact, in both spellings of the member. */
    { DOMAIN("{'roles':['abuse'],'jscontact_card':{'@type':'Card','emails':{'x':{'address':'b@net.example'},'y':{'"
             "address':'a@net.example','pref':1}},"
             "'links':{'z':{'uri':'mailto:c@net.example'}}}}"),
      "a@net.example b@net.example c@net.example", "" },
    { DOMAIN("{'roles':['abuse'],'jscard':{'emails':{'x':{'address':'a@net.example'}}}}"), "a@net.example", "" },
    /* Remarks, where they designate plainly; notices are the server's. */
    { "{'handle':'X','remarks':[{'title':'Comments','description':['Please send reports of','abuse to "
      "desk@net.example.','','Peering: p@net.example']}],"
      "'notices':[{'description':['Report abuse to abuse@server.example']}]}",
      "desk@net.example", "" },
    { "{'handle':'X','remarks':[{'description':'Report abuse to desk@net.example'}],'entities':[" ENTITY(
          "'abuse'", EMAIL("a@net.example")) "]}",
      "a@net.example", "" },
    /* The network of a reverse domain; a name server's people are not the domain's. */
    { "{'objectClassName':'domain','nameservers':[{'entities':[" ENTITY(
          "'abuse'", EMAIL("ns@net.example")) "]}],'network':{'entities':[" ENTITY("'abuse'",
                                                                                   EMAIL("a@net.example")) "]}}",
      "a@net.example", "" },
    /* Wrong types everywhere; the list without its `vcard`; one entity instead of a list; roles as a string. */
    { "{'objectClassName':7,'entities':{'roles':'ABUSE','vcardArray':[['email',null,'text','a@net.example'],['"
      "email'],["
      "],7,{},['email',{},'text',null],"
      "['email',{},'text',{'x':['b@net.example']}]]},'links':{},'remarks':'x','startAddress':[],'country':{},'"
      "handle':"
      "null}",
      "a@net.example b@net.example", "" },
    { "{'entities':[null,1,'x',[],{}],'remarks':[1,{'description':{}}],'links':[[],{'rel':1}],'cidr0_cidrs':[{'"
      "v4prefix':'192.0.2.0','length':'x'}]}",
      "", "" },
    /* A member twice: the first. Numbers of any size. */
    { DOMAIN("{'roles':['abuse'],'n':123456789012345678901234567890,'vcardArray':['vcard',[" EMAIL(
          "a@net.example") "]],'vcardArray':['vcard',[" EMAIL("b@net.example") "]]}"),
      "a@net.example", "" },
    /* Escapes. */
    { DOMAIN(ENTITY("'abuse'", "['email',{},'text','\\u0061@net.example'],['email',{},'text','b\\u0000@net.example']")),
      "a@net.example", "" },
};

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_abuse(rows[i].text, rows[i].abuse, rows[i].contacts);
}

static const struct {
    const char *text;
    enum registration_status status;
} statuses[] = {
    { "{'errorCode':404,'title':'Not Found'}", REGISTRATION_NONE },
    { "{'errorCode':'404'}", REGISTRATION_NONE },
    { "{'errorCode':400}", REGISTRATION_NONE },
    { "{'errorCode':429,'entities':[]}", REGISTRATION_REFUSED },
    { "{'errorCode':403}", REGISTRATION_REFUSED },
    { "{'errorCode':503}", REGISTRATION_REFUSED },
    { "{'errorCode':'many'}", REGISTRATION_UNREADABLE },
    { "\xef\xbb\xbf {'handle':'X'}\r\n", REGISTRATION_FOUND },
    { "{'ldhName':'shop.example'}", REGISTRATION_FOUND },
    { "{'rdapConformance':['rdap_level_0'],'notices':[]}", REGISTRATION_UNREADABLE },
    { "", REGISTRATION_UNREADABLE },
    { "<html>", REGISTRATION_UNREADABLE },
    { "[]", REGISTRATION_UNREADABLE },
    { "null", REGISTRATION_UNREADABLE },
    { "{'handle':'X'", REGISTRATION_UNREADABLE },
    { "{'handle':'X'}}", REGISTRATION_UNREADABLE },
    { "{'handle':'X]", REGISTRATION_UNREADABLE },
    { "{'handle' 'X'}", REGISTRATION_UNREADABLE },
    { "{'handle':'X',}", REGISTRATION_UNREADABLE },
    { "{'handle':['X'}", REGISTRATION_UNREADABLE },
    { "{'handle':'\\", REGISTRATION_UNREADABLE },
};

static void what_kind_of_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct registration registration;
        int code = read_text(statuses[i].text, &registration);
        assert_int_equal(registration.status, statuses[i].status);
        assert_int_equal(code, statuses[i].status == REGISTRATION_UNREADABLE ? -EINVAL : 0);
        registration_clear(&registration);
    }
}

static void what_it_is_about(void **state)
{
    (void)state;
    struct registration registration;
    char text[IP_TEXT_SIZE];
    read_text("{'objectClassName':'ip "
              "network','handle':'NET-7','startAddress':'192.0.2.0','endAddress':'192.0.2.255','country':'nl',"
              "'entities':[" ENTITY("'registrant'", "['fn',{},'text','SHOP-MNT']") "," ENTITY(
                  "'registrant'",
                  "['kind',{},'text','org'],['fn',{},'text','Shop\\nGmbH'],['adr',{'cc':'de'},'text',['','','','','',''"
                  ",'']]") "],'links':[{'rel':'self','type':'application/rdap+json','href':'https://a.example/'},"
                           "{'rel':'related','type':'text/html','href':'https://b.example/'},"
                           "{'rel':'related','type':'application/rdap+json','href':'file:///etc/passwd'},"
                           "{'rel':'related','type':'application/rdap+json','href':'https://c.example/ip/192.0.2.0'}]}",
              &registration);
    assert_string_equal(registration.handle, "NET-7");
    assert_string_equal(registration.country, "NL");
    assert_string_equal(registration.organisation, "Shop GmbH");
    assert_string_equal(registration.referral, "https://c.example/ip/192.0.2.0");
    assert_true(registration.has_range);
    ip_format(&registration.first, text);
    assert_string_equal(text, "192.0.2.0");
    ip_format(&registration.last, text);
    assert_string_equal(text, "192.0.2.255");
    registration_clear(&registration);

    read_text("{'cidr0_cidrs':[{'v6prefix':'2001:db8:8000::','length':34}],'entities':[" ENTITY(
                  "'registrant'",
                  "['fn',{},'text','REDACTED FOR "
                  "PRIVACY'],['org',{},'text',['Sh\xf6p','Desk']],['adr',{},'text',['','','','','','','FR']]") "]}",
              &registration);
    assert_true(registration.has_range);
    ip_format(&registration.last, text);
    assert_string_equal(text, "2001:db8:bfff:ffff:ffff:ffff:ffff:ffff");
    assert_string_equal(registration.organisation, "Sh\xc3\xb6p");
    assert_string_equal(registration.country, "FR");
    assert_null(registration.referral);
    registration_clear(&registration);

    /* What is no range: the wrong way round, of two families, a prefix that is too long. An old answer of RIPE's is one. */
    static const struct {
        const char *text;
        bool range;
    } ranges[] = {
        { "{'startAddress':'192.0.2.9','endAddress':'192.0.2.1'}", false },
        { "{'startAddress':'192.0.2.9','endAddress':'2001:db8::'}", false },
        { "{'cidr0_cidrs':[{'v4prefix':'192.0.2.0','length':33}]}", false },
        { "{'startAddress':'2001:db8::/128','endAddress':'2001:db8::ff/128'}", true },
    };
    for (size_t i = 0; i < COUNT(ranges); i++) {
        read_text(ranges[i].text, &registration);
        assert_int_equal(registration.has_range, ranges[i].range);
        registration_clear(&registration);
    }
}

/* Entities within entities: as deep as brackets may go, and no deeper; and more of them than anybody looks at. */
static void deep_and_long(void **state)
{
    (void)state;
    static const size_t depths[] = { 1, 20, 120, 130, 100000 };
    struct registration registration;
    for (size_t i = 0; i < COUNT(depths); i++) {
        struct buf text = BUF_EMPTY;
        buf_add_string(&text, "{'handle':'X'");
        for (size_t j = 0; j < depths[i]; j++)
            buf_add_string(&text, ",'entities':[{'roles':['x']");
        buf_add_string(&text, ",'roles':['abuse'],'jscard':{'emails':{'x':{'address':'a@net.example'}}}");
        for (size_t j = 0; j < depths[i]; j++)
            buf_add_string(&text, "}]");
        buf_add_string(&text, "}");
        int code = read_text(text.data, &registration);
        assert_int_equal(code, depths[i] <= 120 ? 0 : -EINVAL);
        assert_int_equal(registration.contact_count, depths[i] <= 120 ? 1 : 0); /* the first `roles` counts */
        registration_clear(&registration);
        buf_free(&text);
    }
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "{'entities':[");
    for (int i = 0; i < 20000; i++)
        buf_add_format(&text, "%s" ENTITY("'abuse'", EMAIL("a%d@net.example")), i ? "," : "", i);
    buf_add_string(&text, "]}");
    assert_int_equal(read_text(text.data, &registration), 0);
    assert_int_equal(registration.abuse_count, REGISTRATION_MAX_CONTACTS);
    registration_clear(&registration);
    buf_free(&text);
}

/* Cut off after any byte, it is no answer; with any byte changed, it is read somehow. */
static void broken(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"handle\":\"X\",\"entities\":[{\"roles\":[\"abuse\"],\"vcardArray\":[\"vcard\",[[\"email\",{\"pref\":\"1\"},"
        "\"text\",\"\\u00e9a@net.example\"]]]}]}";
    struct registration registration;
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        assert_int_equal(rdap_read(whole, i, &registration), -EINVAL);
        registration_clear(&registration);
        for (int byte = 0; byte < 256; byte++) {
            char copy[sizeof whole];
            memcpy(copy, whole, sizeof whole);
            copy[i] = (char)byte;
            rdap_read(copy, sizeof whole - 1, &registration);
            registration_clear(&registration);
        }
    }
}

static void check_string(const char *json, const char *expected)
{
    struct json_tape tape;
    char scratch[32];
    size_t length;
    assert_int_equal(json_tape_read(&tape, json, strlen(json)), 0);
    const char *text = json_tape_text(&tape, 0, scratch, sizeof scratch, &length);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(text, expected, length);
    json_tape_free(&tape);
}

static void strings(void **state)
{
    (void)state;
    check_string("\"plain\"", "plain");
    check_string("-1.5E+3", "-1.5E+3");
    check_string("\"\\\"\\\\\\/\\n\\t\"", "\"\\/\n\t");
    check_string("\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    check_string("\"\\ud83dx\\ude00\\uzz\"", "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbdzz");
    check_string("\"\\n234567890123456789012345678901234567890\"",
                 "\n2345678901234567890123456789"); /* the scratch's end */
}

static void walking(void **state)
{
    (void)state;
    struct json_tape tape;
    static const char text[] = "{\"a\":{},\"b\":[],\"C\":[1,{\"x\":2},\"y\"]}";
    assert_int_equal(json_tape_read(&tape, text, sizeof text - 1), 0);
    uint32_t list = json_tape_member(&tape, 0, "c"), at = json_tape_first(&tape, list);
    assert_int_equal(json_tape_first(&tape, json_tape_member(&tape, 0, "a")), JSON_TAPE_NONE);
    assert_int_equal(json_tape_first(&tape, json_tape_member(&tape, 0, "b")), JSON_TAPE_NONE);
    assert_int_equal(json_tape_member(&tape, 0, "x"), JSON_TAPE_NONE);
    assert_int_equal(json_tape_member(&tape, JSON_TAPE_NONE, "x"), JSON_TAPE_NONE);
    assert_true(json_tape_is(&tape, at, '0'));
    at = json_tape_after(&tape, list, at);
    assert_true(json_tape_is(&tape, at, '{'));
    at = json_tape_after(&tape, list, at);
    assert_true(json_tape_is_word(&tape, at, "Y"));
    assert_int_equal(json_tape_after(&tape, list, at), JSON_TAPE_NONE);
    json_tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),        cmocka_unit_test(what_kind_of_answer),
        cmocka_unit_test(what_it_is_about), cmocka_unit_test(deep_and_long),
        cmocka_unit_test(broken),           cmocka_unit_test(strings),
        cmocka_unit_test(walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

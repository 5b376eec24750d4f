#include "daemon/base/name.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63 /* RFC 1035 §2.3.4 */
#define RAW_MAX 1024 /* no name is longer however it is spelled: U-labels of three bytes a letter, each dot defanged */
#define DEBIAN_SUFFIXES "/usr/share/publicsuffix/public_suffix_list.dafsa"

/* What a byte is in a host name: itself in lower case; 0: not allowed. */
static const unsigned char lower[256] = {
    ['-'] = '-', ['_'] = '_', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5',
    ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd',
    ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l',
    ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
    ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b',
    ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
    ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
    ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

static psl_ctx_t *suffixes;
static pthread_once_t suffixes_once = PTHREAD_ONCE_INIT;

static void load_default_suffixes(void)
{
    if (!suffixes)
        suffixes = psl_load_file(DEBIAN_SUFFIXES); /* newer than the copy in libpsl: it gets security updates */
    if (!suffixes)
        suffixes = (psl_ctx_t *)psl_builtin(); /* const, and psl_free() knows it */
}

static const psl_ctx_t *suffix_list(void)
{
    pthread_once(&suffixes_once, load_default_suffixes);
    return suffixes;
}

int name_load_suffixes(const char *path)
{
    psl_ctx_t *list = NULL;
    if (path && *path) {
        errno = 0;
        list = psl_load_file(path);
        if (!list)
            return errno ? -errno : -EINVAL;
    }
    psl_free(suffixes);
    suffixes = list;
    if (!list)
        load_default_suffixes();
    return suffixes ? 0 : -ENOENT;
}

const char *name_registrable(const char *name)
{
    return psl_registrable_domain(suffix_list(), name);
}

const char *name_platform(const char *name)
{
    const psl_ctx_t *list = suffix_list();
    const char *suffix = psl_unregistrable_domain(list, name);
    if (!suffix || suffix == name || !psl_is_public_suffix2(list, suffix, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE))
        return NULL;
    return suffix;
}

bool name_within(const char *name, const char *domain)
{
    size_t length = strlen(name), tail = strlen(domain);
    if (!tail || length < tail || strcmp(name + length - tail, domain) != 0)
        return false;
    return length == tail || name[length - tail - 1] == '.';
}

/* How a dot is written by people who do not want it clicked. */
static const char *const dots[] = { "[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}" };

/* Copy TEXT with its dots plain again; its length, or 0 when it is too long. Where there are no brackets nothing is compared. */
static size_t undo_defanging(const char *text, size_t length, char out[RAW_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '[' || byte == '(' || byte == '{') {
            for (size_t d = 0; d < sizeof dots / sizeof *dots; d++) {
                size_t size = strlen(dots[d]);
                if (length - i >= size && strncasecmp(text + i, dots[d], size) == 0) {
                    byte = '.';
                    i += size - 1;
                    break;
                }
            }
        }
        if (n == RAW_MAX - 1)
            return 0;
        out[n++] = byte;
    }
    out[n] = '\0';
    return n;
}

/* Does the last label look like part of an address (all digits, or hexadecimal as inet_aton() reads it)? */
static bool is_numeric(const char *label)
{
    if (label[0] == '0' && label[1] == 'x')
        return !label[2 + strspn(label + 2, "0123456789abcdef")];
    return !label[strspn(label, "0123456789")];
}

static bool is_sound_label(const char *label, size_t length)
{
    return length && length <= LABEL_MAX && label[0] != '-' && label[length - 1] != '-';
}

/* Every name of ASCII alone passes here and nowhere else: one pass over the bytes, no allocation. */
static int normalise_ascii(const char *text, size_t length, char out[NAME_MAX_LENGTH + 1])
{
    size_t label = 0, labels = 0;
    bool underscore = false;
    if (length && text[length - 1] == '.')
        length--;
    if (!length || length > NAME_MAX_LENGTH)
        return -EINVAL;
    for (size_t i = 0; i <= length; i++) {
        if (i == length || text[i] == '.') {
            if (!is_sound_label(out + label, i - label))
                return -EINVAL;
            out[i] = i == length ? '\0' : '.';
            labels++;
            if (i < length)
                label = i + 1;
            continue;
        }
        out[i] = (char)lower[(unsigned char)text[i]];
        if (!out[i])
            return -EINVAL;
        underscore |= out[i] == '_';
    }
    if (labels < 2 || is_numeric(out + label))
        return -EINVAL;
    /* `_dmarc.example.com` is a name that hosts have; `shop_1.com` is one that nobody can register. */
    if (underscore) {
        const char *registrable = name_registrable(out);
        if (!registrable || strchr(registrable, '_'))
            return -EINVAL;
    }
    return 0;
}

static int normalise_international(const char *text, char out[NAME_MAX_LENGTH + 1])
{
    uint8_t *ascii = NULL;
    /* UTS #46 maps what people type (capitals, full-width dots) to what IDNA 2008 then checks. */
    int code = idn2_lookup_u8((const uint8_t *)text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK)
        return -EINVAL;
    code = normalise_ascii((const char *)ascii, strlen((const char *)ascii), out);
    idn2_free(ascii);
    return code;
}

int name_normalise(const char *text, size_t length, char out[NAME_MAX_LENGTH + 1])
{
    bool ascii = true, brackets = false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        ascii &= byte < 0x80;
        brackets |= byte == '[' || byte == '(' || byte == '{';
        if (!byte)
            return -EINVAL;
    }
    if (ascii && !brackets)
        return normalise_ascii(text, length, out);
    char plain[RAW_MAX];
    length = undo_defanging(text, length, plain);
    if (!length)
        return -EINVAL;
    return ascii ? normalise_ascii(plain, length, out) : normalise_international(plain, out);
}

/* Punycode can spell anything, line ends and marks that turn the text around included: only what IDNA itself would have made into NAME is
 * shown. */
char *name_display(const char *name)
{
    char *text = NULL, back[NAME_MAX_LENGTH + 1];
    if (!strstr(name, "xn--") || idn2_to_unicode_8z8z(name, &text, 0) != IDN2_OK)
        return mem_string(name);
    bool sound = normalise_international(text, back) == 0 && strcmp(back, name) == 0;
    char *copy = mem_string(sound ? text : name);
    idn2_free(text);
    return copy;
}

/* Numbers with units. */
#include "config/values.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first: numbers are shown in the largest unit that fits. */
static const struct unit durations[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
                                         { "s", 1000 },     { "ms", 1 },      { NULL, 0 } };
static const struct unit sizes[] = { { "G", 1 << 30 }, { "M", 1 << 20 }, { "k", 1 << 10 },
                                     { "K", 1 << 10 }, { "", 1 },        { NULL, 0 } };
static const struct unit rates[] = { { "/s", 3600 }, { "/min", 60 }, { "/h", 1 }, { NULL, 0 } };
static const struct unit percents[] = { { "%", 1 }, { "", 1 }, { NULL, 0 } };
static const struct unit plain[] = { { "", 1 }, { NULL, 0 } };

static int in_range(const struct config_key *key, int64_t number)
{
    return key->max && (number < key->min || number > key->max) ? -ERANGE : 0;
}

/* Digits and one of UNITS, nothing between them. A lone 0 needs no unit. */
static int parse(const struct config_key *key, const char *text, const struct unit *units, int64_t *field)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    size_t digits = strspn(at, "0123456789");
    if (!digits)
        return -EINVAL;
    const char *rest = at + digits;
    const struct unit *unit = units;
    while (unit->name && strcmp(unit->name, rest) != 0)
        unit++;
    bool zero = strspn(at, "0") == digits;
    if (!unit->name && !(zero && !*rest))
        return -EINVAL;
    int64_t number = 0;
    for (size_t i = 0; i < digits; i++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, at[i] - '0', &number))
            return -ERANGE;
    if (unit->name && __builtin_mul_overflow(number, unit->factor, &number))
        return -ERANGE;
    if (negative)
        number = -number;
    int code = in_range(key, number);
    if (!code)
        *field = number;
    return code;
}

int config_parse_integer(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    return parse(key, text, plain, field);
}

int config_parse_percent(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    return parse(key, text, percents, field);
}

/* A number alone is the commonest slip where a unit is wanted: say so. */
static int parse_with_unit(const struct config_key *key, const char *text, const struct unit *units, void *field,
                           struct error *error)
{
    int code = parse(key, text, units, field);
    if (code == -EINVAL && *text && strspn(text, "0123456789") == strlen(text))
        error_set(error, code, "%.40s has no unit", text);
    return code;
}

int config_parse_duration(const struct config_key *key, const char *text, void *field, struct error *error)
{
    return parse_with_unit(key, text, durations, field, error);
}

int config_parse_size(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    return parse(key, text, sizes, field);
}

int config_parse_rate(const struct config_key *key, const char *text, void *field, struct error *error)
{
    return parse_with_unit(key, text, rates, field, error);
}

int config_parse_boolean(const struct config_key *key, const char *text, void *field, struct error *error)
{
    static const char *const words[2][3] = { { "false", "no", "off" }, { "true", "yes", "on" } };
    (void)key;
    (void)error;
    for (int value = 0; value < 2; value++)
        for (int i = 0; i < 3; i++)
            if (strcasecmp(text, words[value][i]) == 0) {
                *(bool *)field = value;
                return 0;
            }
    return -EINVAL;
}

static void format(int64_t number, const struct unit *units, struct buf *out)
{
    while (units->name && (number == 0 || number % units->factor != 0))
        units++;
    buf_add_format(out, "%lld%s", (long long)(units->name ? number / units->factor : number),
                   units->name ? units->name : "");
}

void config_format_integer(int64_t number, struct buf *out)
{
    format(number, plain, out);
}

void config_format_percent(int64_t number, struct buf *out)
{
    buf_add_format(out, "%lld%%", (long long)number);
}

void config_format_duration(int64_t number, struct buf *out)
{
    format(number, durations, out);
}

void config_format_size(int64_t number, struct buf *out)
{
    format(number, sizes, out);
}

/* Always by the hour: 100000000/h is easier to read than 1666666/min. */
void config_format_rate(int64_t number, struct buf *out)
{
    buf_add_format(out, number ? "%lld/h" : "%lld", (long long)number);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "told/address.h"

#include <string.h>
#include <strings.h>

#define LOCAL_MOST 64    /* RFC 5321 4.5.3.1.1 */
#define LABEL_MOST 63    /* RFC 1035 2.3.4 */
#define ADDRESS_MOST 254 /* a path of 256 (RFC 5321 4.5.3.1.3) less its angle brackets */
#define HEADER_MOST 200

/* Never isalpha and its kin: they ask the locale, and an envelope has none. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* atext of RFC 5322 3.2.3 */
static bool is_atext(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static const char *validate_local(const char *local, size_t len)
{
    if (len == 0)
        return "nothing before the @";
    if (len > LOCAL_MOST)
        return "more than 64 bytes before the @";
    if (local[0] == '.' || local[len - 1] == '.')
        return "a dot at the start or the end of the part before the @";
    for (size_t i = 0; i < len; i++) {
        if (local[i] == '.' && local[i + 1] == '.')
            return "two dots in a row before the @";
        if (local[i] != '.' && !is_atext(local[i]))
            return "a byte before the @ that an address may not hold";
    }
    return NULL;
}

static const char *validate_label(const char *label, size_t len)
{
    if (len == 0)
        return "an empty label in the domain";
    if (len > LABEL_MOST)
        return "a label of more than 63 bytes in the domain";
    if (label[0] == '-' || label[len - 1] == '-')
        return "a hyphen at the start or the end of a label of the domain";
    for (size_t i = 0; i < len; i++)
        if (!is_alnum(label[i]) && label[i] != '-')
            return "a byte in the domain that is neither letter, digit nor hyphen";
    return NULL;
}

static const char *validate_domain(const char *domain)
{
    if (strcmp(domain, "localhost") == 0)
        return NULL;
    const char *label = domain;
    for (;;) {
        size_t len = strcspn(label, ".");
        const char *reason = validate_label(label, len);
        if (reason != NULL)
            return reason;
        if (label[len] == '\0')
            break;
        label += len + 1;
    }
    if (label == domain)
        return "no dot in the domain";
    /* 192.0.2.1 is made of LDH labels too, and no resolver takes it for a name (RFC 3696 section 2). */
    if (label[strspn(label, "0123456789")] == '\0')
        return "a domain that ends in a number";
    return NULL;
}

const char *address_validate(const char *address)
{
    if (address == NULL || address[0] == '\0')
        return "empty";
    if (strlen(address) > ADDRESS_MOST)
        return "more than 254 bytes";
    const char *at = strchr(address, '@');
    if (at == NULL)
        return "no @";
    const char *reason = validate_local(address, (size_t)(at - address));
    return reason != NULL ? reason : validate_domain(at + 1);
}

const char *address_domain(const char *address)
{
    const char *at = strchr(address, '@');
    return at != NULL ? at + 1 : "";
}

/* Both are LDH labels, so what the locale makes of other letters does not matter. */
static bool is_of_domain(const char *domain, const char *pattern)
{
    if (strncmp(pattern, "*.", 2) != 0)
        return strcasecmp(domain, pattern) == 0;
    size_t len = strlen(domain), tail = strlen(pattern + 1);
    return len > tail && strcasecmp(domain + len - tail, pattern + 1) == 0;
}

bool address_is_within(const char *address, const char *const *domains)
{
    const char *domain = address_domain(address);
    if (domains == NULL || domains[0] == NULL)
        return true;
    for (size_t i = 0; domains[i] != NULL; i++)
        if (is_of_domain(domain, domains[i]))
            return true;
    return false;
}

const char *address_validate_header(const char *value)
{
    if (value == NULL)
        return "missing";
    if (strlen(value) > HEADER_MOST)
        return "more than 200 bytes";
    for (const char *c = value; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            return "a byte that is not printable ASCII";
    return NULL;
}

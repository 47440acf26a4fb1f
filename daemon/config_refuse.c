/* SPDX-License-Identifier: Apache-2.0 */
#include "config_refuse.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zmq.h>

#include "told/adapter.h"
#include "told/address.h"
#include "told/event.h"
#include "told/match.h"
#include "told/silence.h"

enum { CURVE_KEY_BYTES = 32, CURVE_KEY_TEXT = 40 };

const char *const CONFIG_REFUSE_WEEKDAYS[] = {"monday", "tuesday",  "wednesday", "thursday",
                                              "friday", "saturday", "sunday",    NULL};

const char *config_refuse_code(const char *text)
{
    if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(text))
        return "is no code, write lower-case letters, digits and hyphens";
    return NULL;
}

const char *config_refuse_address(const char *text)
{
    return address_validate(text) != NULL ? "is no mail address told can use, write local@domain in ASCII" : NULL;
}

const char *config_refuse_domain(const char *text)
{
    char address[300];

    if (snprintf(address, sizeof address, "told@%s", text) >= (int)sizeof address || address_validate(address) != NULL)
        return "is no domain, write one such as told.example.org";
    return NULL;
}

const char *config_refuse_domains(const char *text)
{
    if (config_refuse_domain(strncmp(text, "*.", 2) == 0 ? text + 2 : text) != NULL)
        return "names no domain mail can go to, write one such as example.org, or *.example.org for those below it";
    return NULL;
}

static bool conninfo_names(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val != NULL;
    return false;
}

const char *config_refuse_conninfo(const char *text)
{
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    const char *why = NULL;

    if (options == NULL)
        return "cannot be parsed, write it as libpq does: host=… dbname=…";
    if (conninfo_names(options, "password"))
        why = "holds a password, keep it in a password file (passfile=…) or use peer logins";
    else if (conninfo_names(options, "user"))
        why = "names a user, remove it: each stage has its own (user_ingest, user_decide, user_dispatch, user_returns)";
    PQconninfoFree(options);
    return why;
}

/* The rest of "tcp://", a host, and a port after the last colon. */
static const char *refuse_tcp(const char *text, bool may_listen_on_all)
{
    const char *host = text + strlen("tcp://");
    const char *colon = strrchr(text, ':');
    char *end;
    unsigned long port;

    if (strncmp(text, "tcp://", strlen("tcp://")) != 0 || colon < host)
        return "is no endpoint, write tcp://HOST:PORT";
    if (colon == host || (!may_listen_on_all && host[0] == '*'))
        return "names no host, write tcp://HOST:PORT";
    port = strtoul(colon + 1, &end, 10);
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || *end != '\0' || port < 1 || port > 65535)
        return "has no port from 1 to 65535, write tcp://HOST:PORT";
    return NULL;
}

const char *config_refuse_bind(const char *text)
{
    return refuse_tcp(text, true);
}

const char *config_refuse_connect(const char *text)
{
    return refuse_tcp(text, false);
}

const char *config_refuse_key(const char *text)
{
    uint8_t key[CURVE_KEY_BYTES];
    size_t len = strlen(text);

    /* libzmq decodes a broken key without a word in some versions: length first, then what it says. */
    if (len != CURVE_KEY_TEXT || zmq_z85_decode(key, text) == NULL)
        return "is no CURVE public key, write its 40 characters (Z85) as `toldctl keys new` prints them";
    return NULL;
}

const char *config_refuse_source(const char *text)
{
    if (strcmp(text, "told") == 0 || strncmp(text, "told/", 5) == 0)
        return "grants told's own source, remove it: what told says itself no feed may say";
    return NULL;
}

/* The catalogue is asked through its own door: an event of that type, empty, is refused for its type or for the rest. */
static bool type_is_known(const char *type)
{
    enum event_fault fault = EVENT_OK;
    char *reason = NULL;
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{}}", "specversion", "1.0", "id", "x", "source", "x", "type",
                             type, "time", "2024-01-01T00:00:00Z", "data");
    struct event *event = event_from_json(root, &fault, &reason);

    event_free(event);
    free(reason);
    json_decref(root);
    return fault != EVENT_UNKNOWN_TYPE;
}

const char *config_refuse_type(const char *text)
{
    size_t prefix = strlen(EVENT_FOREIGN_PREFIX);

    if (strcmp(text, "*") == 0)
        return NULL;
    if (strcmp(text, EVENT_TYPE_INSTANT) == 0)
        return "grants told.instant, remove it: it is told's own";
    if (strncmp(text, EVENT_FOREIGN_PREFIX, prefix) == 0)
        return adapter_is_known(text + prefix) ? NULL : "names an adapter that told does not have, correct it";
    return type_is_known(text) ? NULL : "names a type of event that told does not know, correct it";
}

const char *config_refuse_adapter(const char *text)
{
    return adapter_is_known(text) ? NULL : "is no adapter that told has, write \"cloudevents\" or another one";
}

const char *config_refuse_trusted(const char *text)
{
    if (!match_scheme_is_known(text))
        return "names a scheme of identifiers that told does not know, correct it";
    return match_scheme_is_trusted(text) ? NULL : "names a scheme that numbers no person, remove it";
}

const char *config_refuse_weekday(const char *text)
{
    for (size_t i = 0; CONFIG_REFUSE_WEEKDAYS[i] != NULL; i++)
        if (strcmp(CONFIG_REFUSE_WEEKDAYS[i], text) == 0)
            return NULL;
    return "is no weekday, write \"monday\" to \"sunday\"";
}

const char *config_refuse_minute(const char *text)
{
    int minute;

    return silence_parse_minute(text, &minute) ? NULL : "is no time of day, write \"08:00\" to \"24:00\"";
}

const char *config_refuse_span(const char *text)
{
    int minutes;

    return silence_parse_span(text, &minutes) ? NULL : "is no span of time, write \"90m\", \"4h\" or \"1h30m\", at most 744h";
}

const char *config_refuse_url(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= 0x20 || *c >= 0x7f)
            return "holds blanks or bytes that are not ASCII, write its path percent-encoded and its host as xn--…";
    if (strchr(text, '@') != NULL)
        return "holds an @, keep logins out of URLs";
    return NULL;
}

/* It goes into commands and a URL: nothing that would have to be quoted there. */
const char *config_refuse_folder(const char *text)
{
    static const char FINE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

    if (*text == '\0' || strlen(text) > 100 || text[strspn(text, FINE)] != '\0')
        return "is no name of a folder told can use, write letters, digits, '.', '_', '-' and '/' only";
    return NULL;
}

const char *config_refuse_link(const char *text)
{
    size_t len = strlen(text);
    const char *why = config_refuse_url(text), *host = strstr(text, "://");

    if (why != NULL)
        return why;
    if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://localhost", 16) != 0 &&
        strncmp(text, "http://127.0.0.1", 16) != 0)
        return "is no page that people can open safely, write https://HOST/…/";
    if (strcspn(host + 3, "/") == 0 || strpbrk(text, "#<>\"\\{}") != NULL || (text[len - 1] != '/' && text[len - 1] != '='))
        return "is no URL that a number can follow, write https://HOST/…/ with / or = at its end";
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_endpoint.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "told/address.h"
#include "told/mem.h"

static bool is_clear(const struct webhook_endpoint *endpoint)
{
    return strncmp(endpoint->url, "http://", 7) == 0;
}

char *webhook_endpoint_host(const char *url)
{
    CURLU *parsed = curl_url();
    char *host = NULL, *copy = NULL;

    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        copy = mem_copy(host);
    curl_free(host);
    curl_url_cleanup(parsed);
    return copy;
}

/* libcurl reads it, and fails to connect for ever. */
static bool has_port_zero(const char *authority, size_t len)
{
    size_t zeros = 0;

    while (zeros < len && authority[len - zeros - 1] == '0')
        zeros++;
    return zeros > 0 && zeros < len && authority[len - zeros - 1] == ':' && (authority[0] != '[' || authority[len - zeros - 2] == ']');
}

/* One reading only: what another parser could take for a login or for another host is not looked at further. */
static const char *refuse_url(const struct webhook_endpoint *endpoint)
{
    const char *url = endpoint->url, *host;
    size_t len;
    char *read;

    if (url == NULL || (strncmp(url, "https://", 8) != 0 && !is_clear(endpoint)))
        return "the endpoint's url must begin with https://";
    if (is_clear(endpoint) && !endpoint->allow_private)
        return "the endpoint's url must begin with https://; http:// goes to private addresses only, with allow_private";
    host = strstr(url, "://") + 3;
    len = strcspn(host, "/?#");
    if (len == 0 || memchr(host, '@', len) != NULL || memchr(host, '%', len) != NULL || strpbrk(url, " #\\") != NULL ||
        address_validate_header(url) != NULL)
        return "the endpoint's url must be https://host/path, without a user and without blanks";
    read = webhook_endpoint_host(url);
    free(read);
    if (read == NULL)
        return "the endpoint's url must be https://host/path; libcurl cannot read it";
    return has_port_zero(host, len) ? "the endpoint's url names port 0, where nobody can listen; correct it" : NULL;
}

static bool has_notify_fields(const struct webhook_endpoint *endpoint)
{
    return endpoint->api_key_file != NULL || endpoint->template_id != NULL || endpoint->to != NULL ||
           (endpoint->personalisation != NULL && endpoint->personalisation[0] != NULL);
}

/* As Notify reads them: blanks, hyphens and brackets count for nothing, a British one may leave its country out. */
static const char *refuse_phone(const char *text)
{
    size_t digits = 0;

    for (const char *c = text + (*text == '+'); *c != '\0'; c++) {
        if (strchr(" -()", *c) == NULL && (*c < '0' || *c > '9'))
            return "to is no phone number, write it as +447700900123 or 07700 900123";
        digits += *c >= '0' && *c <= '9';
    }
    if (text[0] == '+' && text[1] == '0')
        return "to is no phone number: after + comes the country, write +447700900123";
    return digits >= 9 && digits <= 15 ? NULL : "to is no phone number, write it as +447700900123 or 07700 900123";
}

static const char *refuse_notify(const struct webhook_endpoint *endpoint, bool with_secrets)
{
    if (endpoint->secret_count > 0)
        return "Notify has no secrets, name its api_key instead";
    if (endpoint->api_key_file == NULL || (with_secrets && endpoint->api_key.secret[0] == '\0'))
        return "Notify needs an api_key, the name of the file it stands in";
    if (endpoint->template_id == NULL || notify_id_validate(endpoint->template_id) != NULL)
        return "Notify needs a template_id, the UUID of its template";
    if (endpoint->to == NULL)
        return "Notify needs to whom: to, a mail address or a phone number";
    for (size_t i = 0; endpoint->personalisation != NULL && endpoint->personalisation[i] != NULL; i++) {
        const char *name = endpoint->personalisation[i], *equals = strchr(name, '=');

        if (equals == name || !webhook_word_is_known(equals != NULL ? equals + 1 : name))
            return "personalisation names what told does not give, write \"name\" or \"theirs=name\" with one of: reference, case,"
                   " child, title, due, due_short, immediate_note, event, told_next, why, role, authority, link";
    }
    if (endpoint->kind == WEBHOOK_NOTIFY_SMS)
        return refuse_phone(endpoint->to);
    return address_validate(endpoint->to) != NULL ? "to is no mail address" : NULL;
}

static const char *refuse_kind(const struct webhook_endpoint *endpoint, bool with_secrets)
{
    if (endpoint->kind == WEBHOOK_NOTIFY_EMAIL || endpoint->kind == WEBHOOK_NOTIFY_SMS)
        return refuse_notify(endpoint, with_secrets);
    if (has_notify_fields(endpoint))
        return "api_key, template_id, to and personalisation are Notify's, remove them or write kind = \"notify-email\" or"
               " \"notify-sms\"";
    if (endpoint->kind == WEBHOOK_TEAMS)
        return endpoint->secret_count > 0 ? "Teams has no secrets but its url: name the file it stands in as url_file" : NULL;
    if (with_secrets && (endpoint->secret_count < 1 || endpoint->secret_count > WEBHOOK_SECRETS_MOST))
        return "the endpoint needs one secret, or two while it is changed";
    return NULL;
}

const char *webhook_endpoint_validate(const struct webhook_endpoint *endpoint, bool with_secrets)
{
    const char *why = NULL;

    if (endpoint->url != NULL || endpoint->url_file == NULL || with_secrets)
        why = refuse_url(endpoint);
    if (why == NULL)
        why = refuse_kind(endpoint, with_secrets);
    if (why == NULL && (endpoint->cert_file != NULL) != (endpoint->key_file != NULL))
        why = "cert_file and key_file go together, add the other or remove it";
    if (why == NULL && (endpoint->connect_timeout_s < 1 || endpoint->timeout_s < 1))
        why = "the endpoint's timeouts must be at least one second";
    return why;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool lists_are_same(char *const *a, char *const *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    while (*a != NULL && is_same(*a, *b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool webhook_endpoint_is_equal(const struct webhook_endpoint *a, const struct webhook_endpoint *b)
{
    return is_same(a->name, b->name) && a->kind == b->kind && a->when == b->when && is_same(a->url, b->url) && is_same(a->url_file, b->url_file) &&
           a->secret_count == b->secret_count && memcmp(a->secrets, b->secrets, sizeof a->secrets) == 0 &&
           is_same(a->api_key_file, b->api_key_file) && memcmp(&a->api_key, &b->api_key, sizeof a->api_key) == 0 &&
           is_same(a->template_id, b->template_id) && is_same(a->to, b->to) &&
           lists_are_same(a->personalisation, b->personalisation) && a->allow_private == b->allow_private &&
           is_same(a->ca_file, b->ca_file) && is_same(a->cert_file, b->cert_file) && is_same(a->key_file, b->key_file) &&
           a->connect_timeout_s == b->connect_timeout_s && a->timeout_s == b->timeout_s;
}

static char **copy_list(char *const *from)
{
    size_t count = 0;
    char **copy;

    if (from == NULL)
        return NULL;
    while (from[count] != NULL)
        count++;
    copy = mem_new((count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = mem_copy(from[i]);
    return copy;
}

void webhook_endpoint_copy(struct webhook_endpoint *to, const struct webhook_endpoint *from)
{
    *to = *from;
    to->name = mem_copy(from->name);
    to->url = mem_copy(from->url);
    to->url_file = mem_copy(from->url_file);
    to->api_key_file = mem_copy(from->api_key_file);
    to->template_id = mem_copy(from->template_id);
    to->to = mem_copy(from->to);
    to->personalisation = copy_list(from->personalisation);
    to->ca_file = mem_copy(from->ca_file);
    to->cert_file = mem_copy(from->cert_file);
    to->key_file = mem_copy(from->key_file);
}

void webhook_endpoint_release(struct webhook_endpoint *endpoint)
{
    free(endpoint->name);
    if (endpoint->url_file != NULL)
        secret_free(endpoint->url);
    else
        free(endpoint->url);
    free(endpoint->url_file);
    free(endpoint->api_key_file);
    free(endpoint->template_id);
    free(endpoint->to);
    for (size_t i = 0; endpoint->personalisation != NULL && endpoint->personalisation[i] != NULL; i++)
        free(endpoint->personalisation[i]);
    free(endpoint->personalisation);
    free(endpoint->ca_file);
    free(endpoint->cert_file);
    free(endpoint->key_file);
    explicit_bzero(endpoint, sizeof *endpoint);
}

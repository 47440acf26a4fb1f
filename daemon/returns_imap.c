/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox over IMAP, by libcurl: the folder holds what has not been taken up, and each mail moves to the folder `done` when
 * it is committed (RFC 6851). Nothing rests on \Seen, which a fetch sets: a mail that somebody else has read is taken up too.
 *
 *   UID SEARCH ALL ─▶ for each: UID FETCH ─▶ commit ─▶ UID MOVE n done
 *
 * UIDVALIDITY and UID name a mail for ever (RFC 9051 2.3.1.1); they and the server are its place. libcurl compares
 * UIDVALIDITY before each fetch.
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "returned_mime.h"
#include "returns.h"
#include "told/buf.h"
#include "told/mem.h"

enum { SEARCH_MOST = 1024 * 1024 };

struct mailbox {
    const struct config_returns *from;
    struct stage *stage;
    struct returns_stuck *stuck;
    char doubt[11]; /* the last fetch that failed: the mail's fault, or the server's? */
    CURL *handle;
    struct buf body;
    size_t body_most;
    char validity[16]; /* UIDVALIDITY, digits */
    char server[17];   /* names server and login in a place */
};

static size_t keep_body(char *bytes, size_t size, size_t count, void *cookie)
{
    struct mailbox *box = cookie;
    size_t len = size * count, room = box->body_most - box->body.len;

    if (room > 0)
        buf_append(&box->body, bytes, len < room ? len : room);
    return len; /* the rest is read and dropped: the connection goes on */
}

/* The server's lines: UIDVALIDITY comes with the SELECT that libcurl does by itself. */
static size_t see_line(char *line, size_t size, size_t count, void *cookie)
{
    static const char MARK[] = "[UIDVALIDITY ";
    struct mailbox *box = cookie;
    size_t len = size * count, at = sizeof MARK - 1, digits = 0;
    const char *found = line != NULL && len > 2 && line[0] == '*' ? memmem(line, len, MARK, at) : NULL;

    if (found != NULL && box->validity[0] == '\0') {
        for (found += at; found < line + len && *found >= '0' && *found <= '9' && digits < sizeof box->validity - 1; found++)
            box->validity[digits++] = *found;
        box->validity[digits] = '\0';
    }
    return len;
}

static int watch_stop(void *cookie, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct mailbox *box = cookie;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&box->stage->stop) ? 1 : 0;
}

static bool set_up(struct mailbox *box)
{
    const struct config_returns *from = box->from;
    CURL *h = box->handle;

    return h != NULL && !curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, from->tls == EMAIL_TLS_IMPLICIT ? "imaps" : "imap") &&
           !curl_easy_setopt(h, CURLOPT_PROXY, "") && !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(h, CURLOPT_USE_SSL, (long)(from->tls == EMAIL_TLS_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL)) &&
           !curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) && !curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) &&
           !curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           (from->ca_file == NULL ||
            (!curl_easy_setopt(h, CURLOPT_CAINFO, from->ca_file) && !curl_easy_setopt(h, CURLOPT_CAPATH, NULL))) &&
           !curl_easy_setopt(h, CURLOPT_USERNAME, from->username) && !curl_easy_setopt(h, CURLOPT_PASSWORD, from->password) &&
           !curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, (long)from->connect_timeout_s) &&
           !curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)from->timeout_s) &&
           !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, keep_body) && !curl_easy_setopt(h, CURLOPT_WRITEDATA, box) &&
           !curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, see_line) && !curl_easy_setopt(h, CURLOPT_HEADERDATA, box) &&
           !curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, watch_stop) && !curl_easy_setopt(h, CURLOPT_XFERINFODATA, box) &&
           !curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
}

/* One command in the folder (command NULL: fetches the uid). Body: box->body. */
static CURLcode run(struct mailbox *box, const char *command, const char *uid, size_t most)
{
    char *url = uid != NULL ? mem_printf("%s/%s;UIDVALIDITY=%s/;UID=%s", box->from->url, box->from->folder, box->validity, uid)
                            : mem_printf("%s/%s", box->from->url, box->from->folder);
    CURLcode result = CURLE_OUT_OF_MEMORY;

    buf_reset(&box->body);
    box->body_most = most;
    atomic_store(&box->stage->ticked_ms, clock_monotonic_ms());
    if (!curl_easy_setopt(box->handle, CURLOPT_URL, url) && !curl_easy_setopt(box->handle, CURLOPT_CUSTOMREQUEST, command))
        result = curl_easy_perform(box->handle);
    free(url);
    return result;
}

static void complain(const struct mailbox *box, const char *what, CURLcode result)
{
    if (!atomic_load(&box->stage->stop))
        log_error("stage=returns imap=%s curl=%d (%s) do=\"look at the server, the login and the folders of returns\"", what, (int)result,
                  curl_easy_strerror(result));
}

/* The folder is made where it is missing; another try tells. */
static bool put_away(struct mailbox *box, const char *uid)
{
    char *move = mem_printf("UID MOVE %s %s", uid, box->from->done), *create = mem_printf("CREATE %s", box->from->done);
    CURLcode result = run(box, move, NULL, SEARCH_MOST);

    if (result == CURLE_QUOTE_ERROR && run(box, create, NULL, SEARCH_MOST) == CURLE_OK)
        result = run(box, move, NULL, SEARCH_MOST);
    if (result != CURLE_OK)
        complain(box, "move", result);
    free(move);
    free(create);
    return result == CURLE_OK;
}

/* ---- mails that cannot be fetched ---- */

static size_t find_stuck(const struct returns_stuck *stuck, const char *uid)
{
    size_t i = 0;

    while (i < stuck->count && strcmp(stuck->uids[i], uid) != 0)
        i++;
    return i;
}

static void forget_stuck(struct returns_stuck *stuck, const char *uid)
{
    size_t i = find_stuck(stuck, uid);

    if (i < stuck->count)
        memmove(stuck->uids[i], stuck->uids[i + 1], sizeof stuck->uids[0] * (--stuck->count - i));
}

/* The server has answered since: it was the mail. Where there is no room for it, it is found anew at each look. */
static void settle_doubt(struct mailbox *box)
{
    struct returns_stuck *stuck = box->stuck;

    if (box->doubt[0] != '\0' && stuck->count < RETURNS_STUCK_MOST && find_stuck(stuck, box->doubt) == stuck->count)
        snprintf(stuck->uids[stuck->count++], sizeof stuck->uids[0], "%s", box->doubt);
    box->doubt[0] = '\0';
}

enum fetched {
    FETCHED_ON,   /* the next one */
    FETCHED_STOP, /* nothing more now */
};

/* One that fails is the mail's fault as long as the next one comes; two in a row are the server's. */
static enum fetched fail(struct mailbox *box, const char *uid, CURLcode result)
{
    complain(box, "fetch", result);
    if (box->doubt[0] != '\0' || atomic_load(&box->stage->stop))
        return FETCHED_STOP;
    snprintf(box->doubt, sizeof box->doubt, "%s", uid);
    return FETCHED_ON;
}

static enum fetched take_one(struct mailbox *box, const char *uid, size_t *left, returns_take_fn *take, void *cookie)
{
    CURLcode result = run(box, NULL, uid, RETURNED_MIME_BYTES_MOST);
    enum returns_taken taken;
    char *place;

    if (result != CURLE_OK && result != CURLE_REMOTE_FILE_NOT_FOUND)
        return fail(box, uid, result);
    settle_doubt(box);
    forget_stuck(box->stuck, uid);
    /* Gone since the search: somebody else has it. */
    if (result == CURLE_REMOTE_FILE_NOT_FOUND || box->body.len == 0)
        return FETCHED_ON;
    place = mem_printf("imap:%s/%s/%s/%s", box->server, box->from->folder, box->validity, uid);
    taken = take(cookie, place, box->body.bytes, box->body.len);
    free(place);
    if (taken == RETURNS_TAKEN)
        (*left)--;
    return (taken == RETURNS_TAKEN ? put_away(box, uid) : taken != RETURNS_AGAIN) ? FETCHED_ON : FETCHED_STOP;
}

/* "* SEARCH 1 2 3": the numbers, from the first line that is one. The caller frees. */
static char *read_uids(const struct mailbox *box)
{
    const char *text = buf_string(&box->body), *at = strcasestr(text, "* SEARCH");

    return at != NULL ? mem_copy_n(at + 8, strcspn(at + 8, "\r\n")) : mem_copy("");
}

static bool is_uid(const char *uid)
{
    return strspn(uid, "0123456789") == strlen(uid) && strlen(uid) <= 10;
}

/* One of them at each look, when all others have had their turn. */
static void try_stuck(struct mailbox *box, const char *uids, size_t *left, returns_take_fn *take, void *cookie)
{
    struct returns_stuck *stuck = box->stuck;
    char uid[sizeof stuck->uids[0]], *mark;

    if (stuck->count == 0 || *left == 0)
        return;
    snprintf(uid, sizeof uid, "%s", stuck->uids[stuck->next++ % stuck->count]);
    mark = mem_printf(" %s ", uid);
    if (strstr(uids, mark) != NULL)
        (void)take_one(box, uid, left, take, cookie);
    else
        forget_stuck(stuck, uid); /* a person has taken it away */
    free(mark);
}

/* Whether more wait. */
static bool take_all(struct mailbox *box, size_t *left, returns_take_fn *take, void *cookie)
{
    char *found = read_uids(box), *uids = mem_printf(" %s ", found), *save = NULL, *uid = strtok_r(found, " ", &save);
    bool go_on = true, more;

    for (; uid != NULL && go_on && *left > 0 && !atomic_load(&box->stage->stop); uid = strtok_r(NULL, " ", &save)) {
        if (!is_uid(uid))
            break;
        if (find_stuck(box->stuck, uid) == box->stuck->count)
            go_on = take_one(box, uid, left, take, cookie) == FETCHED_ON;
    }
    more = go_on && uid != NULL;
    /* It was the last one: a word from the server tells whose fault it is. */
    if (go_on && box->doubt[0] != '\0' && run(box, "NOOP", NULL, SEARCH_MOST) == CURLE_OK)
        settle_doubt(box);
    if (go_on && !more)
        try_stuck(box, uids, left, take, cookie);
    free(uids);
    free(found);
    return more;
}

static void name_server(struct mailbox *box)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    char *text = mem_printf("%s %s", box->from->url, box->from->username);

    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
    sodium_bin2hex(box->server, sizeof box->server, hash, (sizeof box->server - 1) / 2);
    free(text);
}

/* Other numbers name other mails. */
static void begin_stuck(struct mailbox *box)
{
    if (strcmp(box->stuck->validity, box->validity) == 0)
        return;
    *box->stuck = (struct returns_stuck){0};
    snprintf(box->stuck->validity, sizeof box->stuck->validity, "%s", box->validity);
}

bool returns_imap(const struct config_returns *from, struct stage *stage, struct returns_stuck *stuck, size_t *left,
                  returns_take_fn *take, void *cookie, bool *ret_more)
{
    struct mailbox box = {.from = from, .stage = stage, .stuck = stuck, .handle = curl_easy_init()};
    CURLcode result = CURLE_FAILED_INIT;
    bool ok = false;

    *ret_more = false;
    name_server(&box);
    if (set_up(&box))
        result = run(&box, "UID SEARCH ALL", NULL, SEARCH_MOST);
    if (result != CURLE_OK) {
        complain(&box, "search", result);
    } else if (box.validity[0] == '\0') {
        log_error("stage=returns imap=search reason=\"the server gave no UIDVALIDITY\" do=\"name a folder that keeps its numbers\"");
    } else {
        begin_stuck(&box);
        *ret_more = take_all(&box, left, take, cookie);
        ok = true;
    }
    if (box.handle != NULL)
        curl_easy_cleanup(box.handle);
    buf_release(&box.body);
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Seven texts with NUL between: both senders, recipient, subject, Message-ID, In-Reply-To, References; then a body. Whatever
 * passes makes exactly our header: a line each, one address in To, nothing behind it; a body has no line end but CRLF. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/mail.h"
#include "told/mem.h"

enum { PARTS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check_line(const char *line, const char *name)
{
    must(strncmp(line, name, strlen(name)) == 0 && strncmp(line + strlen(name), ": ", 2) == 0);
    must(strlen(line) <= 998 && line[strlen(name) + 2] != '\0');
    for (; *line; line++)
        must(*line >= 0x20 && *line <= 0x7e);
}

static void check_lines(const struct mail *mail)
{
    static const char *const NAMES[] = {"Date",        "From",       "To",
                                        "Subject",     "Message-ID", "In-Reply-To",
                                        "References",  "Auto-Submitted", "X-Auto-Response-Suppress",
                                        "Content-Type"};
    char *lines[MAIL_LINES_MOST];
    size_t count = mail_lines(mail, lines), n = 0;

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if ((i == 5 && !mail->in_reply_to) || (i == 6 && !mail->in_reply_to && !mail->references) ||
            (i == 9 && mail->is_mixed))
            continue;
        must(n < count);
        check_line(lines[n++], NAMES[i]);
    }
    must(n == count);
    must(strcmp(lines[2] + 4, mail->to) == 0 && strchr(mail->to, '@') == strrchr(mail->to, '@'));
    must(strpbrk(mail->to, " ,;<>()[]\":\\") == NULL && strpbrk(mail->envelope_from, " ,;<>()[]\":\\") == NULL);
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
}

static void check_body(const char *text)
{
    char *body = mail_crlf(text);
    const char *at = body;

    for (; *at; at++) {
        must(*at != '\n');
        if (*at == '\r')
            must(*++at == '\n');
    }
    /* Nothing but line ends is changed. */
    at = body;
    for (; *text; text++) {
        if (*text == '\r' || *text == '\n') {
            must(at[0] == '\r' && at[1] == '\n');
            at += 2;
            text += text[0] == '\r' && text[1] == '\n';
        } else {
            must(*at++ == *text);
        }
    }
    must(*at == '\0');
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = mem_copy_n((const char *)bytes, len), *parts[PARTS], *at = text;
    struct mail mail;

    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = at;
        if (at < text + len)
            at += strlen(at) + 1;
        if (at > text + len)
            at = text + len;
    }
    mail = (struct mail){.from = parts[0],
                         .envelope_from = parts[1],
                         .to = parts[2],
                         .subject = parts[3],
                         .message_id = parts[4],
                         .in_reply_to = *parts[5] ? parts[5] : NULL,
                         .references = *parts[6] ? parts[6] : NULL,
                         .is_mixed = len % 2 == 0,
                         .date = {(int64_t)len * INT64_C(86399000001)}};
    if (mail_validate(&mail) == NULL)
        check_lines(&mail);
    check_body(parts[7]);
    free(text);
    return 0;
}

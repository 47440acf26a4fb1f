/* SPDX-License-Identifier: Apache-2.0 */
#include "told/mail.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "told/address.h"
#include "told/buf.h"
#include "told/mem.h"

#define REFERENCES_MOST 900

/* "<local@domain>" with the same grammar as an address (RFC 5322 3.6.4, without its older forms). */
static bool is_message_id(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len < 3 || len > 200 || text[0] != '<' || text[len - 1] != '>')
        return false;
    char *inner = mem_copy_n(text + 1, len - 2);
    bool fine = !address_validate(inner);
    free(inner);
    return fine;
}

/* Message-IDs with a blank between. A line of a header holds 998 bytes at most (RFC 5322 2.1.1), and libcurl folds none. */
static bool is_references(const char *text)
{
    if (strlen(text) > REFERENCES_MOST)
        return false;
    for (;;) {
        size_t len = strcspn(text, " ");
        char *id = mem_copy_n(text, len);
        bool fine = is_message_id(id);
        free(id);
        if (!fine || !text[len])
            return fine;
        text += len + 1;
    }
}

const char *mail_validate(const struct mail *mail)
{
    if (address_validate(mail->from))
        return "the relay's from address is not valid: correct the configuration";
    if (address_validate(mail->envelope_from))
        return "the return path is not a valid address";
    if (address_validate(mail->to))
        return "the recipient's address is not valid: correct the directory";
    if (!mail->subject[0] || address_validate_header(mail->subject))
        return "the subject is not one line of plain ASCII";
    if (!is_message_id(mail->message_id))
        return "the Message-ID is not valid";
    if (mail->reply_to && address_validate(mail->reply_to))
        return "the address for replies is not valid";
    if (mail->in_reply_to && !is_message_id(mail->in_reply_to))
        return "the In-Reply-To is not valid";
    if (mail->references && !is_references(mail->references))
        return "the References are not valid";
    if (instant_is_none(mail->date))
        return "the message has no date";
    return NULL;
}

/* RFC 5322 3.3, always +0000; not strftime, whose names of days follow the locale. */
static char *print_date(struct instant at)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const int64_t day_us = INT64_C(86400000000);
    int64_t day = at.us / day_us - (at.us % day_us < 0);
    int year, month, date, second = (int)((at.us - day * day_us) / 1000000);
    instant_date_of_days(day, &year, &month, &date);
    /* 1 January 1970 was a Thursday. */
    return mem_printf("%s, %d %s %04d %02d:%02d:%02d +0000", days[((day + 4) % 7 + 7) % 7], date, months[month - 1], year,
                      second / 3600, second / 60 % 60, second % 60);
}

size_t mail_lines(const struct mail *mail, char *ret[MAIL_LINES_MOST])
{
    char *date = print_date(mail->date);
    size_t count = 0;
    ret[count++] = mem_printf("Date: %s", date);
    ret[count++] = mem_printf("From: %s", mail->from);
    ret[count++] = mem_printf("To: %s", mail->to);
    ret[count++] = mem_printf("Subject: %s", mail->subject);
    ret[count++] = mem_printf("Message-ID: %s", mail->message_id);
    if (mail->in_reply_to)
        ret[count++] = mem_printf("In-Reply-To: %s", mail->in_reply_to);
    if (mail->references || mail->in_reply_to)
        ret[count++] = mem_printf("References: %s", mail->references ? mail->references : mail->in_reply_to);
    if (mail->reply_to)
        ret[count++] = mem_printf("Reply-To: %s", mail->reply_to);
    /* RFC 3834, and Exchange's way of saying it: no out-of-office reply to a machine. */
    ret[count++] = mem_copy("Auto-Submitted: auto-generated");
    ret[count++] = mem_copy("X-Auto-Response-Suppress: All");
    /* Without it libcurl makes the outermost part multipart/mixed. */
    if (!mail->is_mixed)
        ret[count++] = mem_copy("Content-Type: multipart/alternative");
    free(date);
    return count;
}

/* A lone LF would get past libcurl's dot-stuffing, a lone CR past some servers (trap 10). */
char *mail_crlf(const char *text)
{
    struct buf out = {0};
    for (; *text; text++) {
        if (*text == '\r' && text[1] == '\n')
            text++;
        if (*text == '\n' || *text == '\r')
            buf_text(&out, "\r\n");
        else
            buf_char(&out, *text);
    }
    return out.len ? buf_take(&out) : mem_copy("");
}

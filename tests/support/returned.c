/* SPDX-License-Identifier: Apache-2.0 */
#include "returned.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "returned_mime.h"
#include "told/json.h"
#include "told/mem.h"
#include "told/own_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The value of a header of the head, unfolded by nobody: ours are short. */
static char *header(const char *mail, const char *name)
{
    char *mark = mem_printf("\n%s: ", name);
    const char *at = strcasestr(mail, mark);
    char *value = at != NULL ? mem_copy_n(at + strlen(mark), strcspn(at + strlen(mark), "\r\n")) : mem_copy("");

    free(mark);
    return value;
}

static void find_codes(struct arrived *a)
{
    char codes[8][OWN_WORDS_CODE_SIZE];
    size_t count = own_words_codes_anywhere(a->text, codes, 8);

    for (size_t i = 0; i < count; i++)
        a->codes[a->code_count++] = mem_printf("%.5s-%s", codes[i], codes[i] + 5);
}

void returned_arrived(struct harness *h, const char *person, struct arrived *ret)
{
    char *address = mem_printf("%s@southwark.example", person), *bytes = NULL;
    json_t *mails = cast_lines(h, "mails.ndjson"), *mail;
    struct returned_mail read = {0};
    size_t i;

    *ret = (struct arrived){0};
    json_array_foreach(mails, i, mail)
    {
        if (strcmp(json_text_at(mail, "to"), address) != 0)
            continue;
        free(bytes);
        bytes = cast_mail(h, (int)json_integer_value(json_object_get(mail, "n")));
        free(ret->path);
        ret->path = mem_copy(json_text_at(mail, "from"));
    }
    if (bytes == NULL)
        fail_msg("no mail came to %s", address);
    ret->reply = header(bytes, "Reply-To");
    ret->id = header(bytes, "Message-ID");
    returned_mime_start();
    returned_mime_read(bytes, strlen(bytes), &read);
    ret->text = mem_copy(read.text);
    returned_mail_release(&read);
    find_codes(ret);
    json_decref(mails);
    free(bytes);
    free(address);
}

void returned_arrived_release(struct arrived *a)
{
    for (int i = 0; i < a->code_count; i++)
        free(a->codes[i]);
    free(a->path);
    free(a->reply);
    free(a->id);
    free(a->text);
    *a = (struct arrived){0};
}

void returned_maildir(struct harness *h, const char *more)
{
    static const char *const PARTS[] = {"returns", "returns/new", "returns/cur", "returns/tmp"};
    char *config = harness_read(h, "told.conf"), *longer;

    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        char *path = harness_path(h, PARTS[i]);

        assert_int_equal(mkdir(path, 0700), 0);
        free(path);
    }
    longer = mem_printf("%sreturns = { maildir = \"returns\"; every_s = 1; %s };\n", config, more);
    harness_write(h, "told.conf", longer);
    free(longer);
    free(config);
}

void returned_drop(struct harness *h, int number, const char *text)
{
    char *name = mem_printf("returns/tmp/1717404000.%d.mail.southwark.example", number);
    char *from = harness_path(h, name), *to = harness_path(h, name);

    harness_write(h, name, text);
    memcpy(strstr(to, "/tmp/1717"), "/new/", 5);
    assert_int_equal(rename(from, to), 0);
    free(from);
    free(to);
    free(name);
}

long returned_waiting(struct harness *h)
{
    char *path = harness_path(h, "returns/new");
    DIR *folder = opendir(path);
    long count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    free(path);
    return count;
}

char *returned_report(const struct arrived *a, const char *to, const char *action, const char *status)
{
    return mem_printf("Return-Path: <>\r\nDelivered-To: %s\r\nFrom: MAILER-DAEMON@mail.southwark.example (Mail Delivery System)\r\n"
                      "Subject: %s\r\nTo: %s\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                      "Message-Id: <dsn-%s-%s@mail.southwark.example>\r\n"
                      "Content-Type: multipart/report; report-type=delivery-status; boundary=\"B.1\"\r\n\r\n"
                      "This is a MIME-encapsulated message.\r\n\r\n--B.1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
                      "This is the mail system at host mail.southwark.example.\r\n\r\n<%s>: host mx said: %s (in reply to RCPT TO)\r\n\r\n"
                      "--B.1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.southwark.example\r\n\r\n"
                      "Final-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\nDiagnostic-Code: smtp; %s\r\n\r\n"
                      "--B.1\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: %s\r\nSubject: told\r\n\r\n--B.1--\r\n",
                      a->path, *action == 'd' ? "Delayed Mail (still being retried)" : "Undelivered Mail Returned to Sender", a->path,
                      action, status, to, status, to, action, status, status, a->id);
}

char *returned_away(const struct arrived *a, const char *from)
{
    return mem_printf("Return-Path: <>\r\nDelivered-To: %s\r\nFrom: <%s>\r\nTo: %s\r\nSubject: Automatic reply: told\r\n"
                      "Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\nIn-Reply-To: %s\r\n"
                      "Message-ID: <away-%s>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                      "I am on annual leave until Monday.\r\n",
                      a->path, from, a->path, a->id, from);
}

char *returned_reply(const struct arrived *a, const char *from, const char *words)
{
    struct buf b = {0};
    static int number;

    buf_printf(&b,
               "Return-Path: <%s>\r\nFrom: Somebody <%s>\r\nTo: %s\r\nSubject: Re: told\r\nIn-Reply-To: %s\r\nReferences: %s\r\n"
               "Message-ID: <reply-%d@southwark.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n\r\n"
               "On Mon, 3 Jun 2024 at 10:00, told <told@southwark.example> wrote:\r\n",
               from, from, a->reply, a->id, a->id, ++number, words);
    for (const char *line = a->text; *line != '\0';) {
        size_t len = strcspn(line, "\r\n");

        buf_printf(&b, "> %.*s\r\n", (int)len, line);
        line += len;
        line += (line[0] == '\r' && line[1] == '\n') + (line[0] != '\0');
    }
    return buf_take(&b);
}

void returned_hold(struct harness *h)
{
    PQclear(harness_query(h, "BEGIN"));
    PQclear(harness_query(h, "SELECT FROM told.duty FOR UPDATE"));
}

void returned_kill(struct harness *h, pid_t told)
{
    cast_await(h, "t", "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'told_console' AND wait_event_type = 'Lock'");
    (void)harness_signal(h, told, SIGKILL);
    PQclear(harness_query(h, "ROLLBACK"));
    cast_expect(h, "0", "SELECT count(*) FROM told.returned");
}

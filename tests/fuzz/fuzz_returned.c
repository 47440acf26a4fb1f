/* SPDX-License-Identifier: Apache-2.0 */
/* A mail that came back: MIME reader, judgement, own words and codes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "returned_mime.h"
#include "told/own_words.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    returned_mime_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct returned_mail mail;
    struct returned judged;
    char codes[20][OWN_WORDS_CODE_SIZE], *words;
    size_t typed, all;

    returned_mime_read((const char *)bytes, len, &mail);
    returned_judge(&mail, &judged);
    assert(judged.reason != NULL && *returned_text(judged.kind) != '\0');
    assert(!judged.is_permanent || judged.kind == RETURNED_BOUNCE);
    words = own_words_of(mail.text, mail.html);
    typed = own_words_codes(words, codes, 20);
    for (size_t i = 0; i < typed; i++)
        assert(strlen(codes[i]) == OWN_WORDS_CODE_SIZE - 1);
    all = own_words_codes_anywhere(words, codes, 20);
    assert(all >= typed);
    free(words);
    returned_mail_release(&mail);
    return 0;
}

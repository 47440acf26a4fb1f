/* SPDX-License-Identifier: Apache-2.0 */
#include "param.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL counts microseconds from 2000-01-01. */
static const int64_t POSTGRES_EPOCH_US = INT64_C(946684800000000);
static const size_t PARAM_KEPT_MOST = 1024 * 1024;

/* pg_type.dat: the oids of built-in types are fixed for ever. */
static const uint32_t ELEMENT_OID[] = {
    [PARAM_TEXTS] = 25, [PARAM_BYTES] = 17, [PARAM_INTEGERS] = 20, [PARAM_INSTANTS] = 1184};

/* array_recv: dimensions, has nulls, element type, then count and lower bound of the one dimension. */
enum { HEADER_COUNT_AT = 12 };

static void put_word(struct param *param, uint32_t word)
{
    uint32_t wire = htonl(word);

    buf_append(&param->buf, &wire, sizeof wire);
}

void param_begin(struct param *param, enum param_kind kind)
{
    if (param->buf.room > PARAM_KEPT_MOST)
        buf_release(&param->buf);
    buf_reset(&param->buf);
    param->kind = kind;
    param->count = 0;
    if (kind <= PARAM_TEXT)
        return;
    put_word(param, 1);
    put_word(param, 1);
    put_word(param, ELEMENT_OID[kind]);
    put_word(param, 0);
    put_word(param, 1);
}

void param_release(struct param *param)
{
    buf_release(&param->buf);
    param->kind = PARAM_NULL;
    param->count = 0;
}

void param_put_null(struct param *param)
{
    if (param->kind == PARAM_TEXT) {
        param->kind = PARAM_NULL;
        return;
    }
    put_word(param, UINT32_MAX);
    param->count++;
}

void param_put_bytes(struct param *param, const void *bytes, size_t len)
{
    put_word(param, (uint32_t)len);
    buf_append(&param->buf, bytes, len);
    param->count++;
}

void param_put_text(struct param *param, const char *text)
{
    if (text == NULL)
        param_put_null(param);
    else if (param->kind == PARAM_TEXT)
        buf_text(&param->buf, text);
    else
        param_put_bytes(param, text, strlen(text));
}

void param_put_integer(struct param *param, int64_t number)
{
    uint64_t wire = htobe64((uint64_t)number);

    param_put_bytes(param, &wire, sizeof wire);
}

void param_put_instant(struct param *param, struct instant at)
{
    if (instant_is_none(at))
        param_put_null(param);
    else
        param_put_integer(param, at.us - POSTGRES_EPOCH_US);
}

int param_send(PGconn *conn, const char *statement, struct param *params, int count)
{
    const char *values[PARAM_MOST];
    int lengths[PARAM_MOST];
    int formats[PARAM_MOST];

    for (int i = 0; i < count; i++) {
        bool is_array = params[i].kind > PARAM_TEXT;
        uint32_t elements = htonl(params[i].count);

        if (is_array)
            memcpy(params[i].buf.bytes + HEADER_COUNT_AT, &elements, sizeof elements);
        values[i] = params[i].kind == PARAM_NULL ? NULL : buf_string(&params[i].buf);
        lengths[i] = (int)params[i].buf.len;
        formats[i] = is_array ? 1 : 0;
    }
    return PQsendQueryPrepared(conn, statement, count, values, lengths, formats, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of a statement. Arrays are built in PostgreSQL's binary format: a body goes over as its own bytes, where
 * hex text would double it and make both sides convert, and no value ever needs escaping.
 */
#ifndef TOLD_PARAM_H
#define TOLD_PARAM_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "told/buf.h"
#include "told/instant.h"

#define PARAM_MOST 48

enum param_kind {
    PARAM_NULL,
    PARAM_TEXT,       /* one value, as text */
    PARAM_TEXTS,      /* text[] */
    PARAM_BYTES,      /* bytea[] */
    PARAM_INTEGERS,   /* bigint[] */
    PARAM_INSTANTS,   /* timestamptz[] */
};

struct param {
    enum param_kind kind;
    struct buf buf;
    uint32_t count;
};

/* Starts a parameter anew; keeps its memory unless that has grown large. */
void param_begin(struct param *param, enum param_kind kind);
void param_release(struct param *param);
void param_put_text(struct param *param, const char *text); /* PARAM_TEXT once, PARAM_TEXTS each; NULL is SQL NULL */
void param_put_bytes(struct param *param, const void *bytes, size_t len);
void param_put_integer(struct param *param, int64_t number);
void param_put_instant(struct param *param, struct instant at); /* none is SQL NULL */
void param_put_null(struct param *param);

/* As libpq wants them. An array must have one element at least. */
int param_send(PGconn *conn, const char *statement, struct param *params, int count);

#endif

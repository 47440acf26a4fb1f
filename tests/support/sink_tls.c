/* SPDX-License-Identifier: Apache-2.0 */
#include "sink_tls.h"

#include "told/mem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY = 24 * 3600 };

struct sink_tls_authority {
    EVP_PKEY *key;
    X509 *certificate;
};

struct sink_tls {
    SSL_CTX *context;
};

struct sink_tls_session {
    SSL *ssl; /* owns both BIOs */
    BIO *in, *out;
};

/* ---- certificates ---- */

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (extension)
        X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* names NULL: an authority. issuer NULL: signed by itself. */
static X509 *make_certificate(EVP_PKEY *key, const char *common, const char *names, X509 *issuer, EVP_PKEY *signer,
                              long from_s, long until_s)
{
    static const unsigned char organisation[] = "told tests";
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), names ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, organisation, -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : name);
    add_extension(certificate, issuer ? issuer : certificate, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
    if (names)
        add_extension(certificate, issuer ? issuer : certificate, NID_subject_alt_name, names);
    X509_sign(certificate, signer, EVP_sha256());
    return certificate;
}

struct sink_tls_authority *sink_tls_authority_new(const char *ca_path)
{
    struct sink_tls_authority *authority = mem_new(sizeof *authority);
    authority->key = EVP_EC_gen("P-256");
    authority->certificate =
        make_certificate(authority->key, "authority", NULL, NULL, authority->key, -DAY, 10 * DAY);
    FILE *file = fopen(ca_path, "w");
    bool written = file && PEM_write_X509(file, authority->certificate);
    if (file && fclose(file) == 0 && written)
        return authority;
    sink_tls_authority_free(authority);
    return NULL;
}

void sink_tls_authority_free(struct sink_tls_authority *authority)
{
    if (!authority)
        return;
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority);
}

static bool limit_version(SSL_CTX *context)
{
    /* Debian's own level refuses TLS 1.1 on both sides; here the client alone is to refuse it. */
    SSL_CTX_set_security_level(context, 0);
    return SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0") == 1 && SSL_CTX_set_min_proto_version(context, TLS1_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION) == 1;
}

struct sink_tls *sink_tls_new(struct sink_tls_authority *authority, enum sink_tls_kind kind)
{
    struct sink_tls *tls = mem_new(sizeof *tls);
    bool is_alone = kind == SINK_TLS_SELF_SIGNED, is_expired = kind == SINK_TLS_EXPIRED;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(
        key, "sink", kind == SINK_TLS_WRONG_HOST ? "DNS:elsewhere.example,IP:192.0.2.1" : "DNS:localhost,IP:127.0.0.1",
        is_alone ? NULL : authority->certificate, is_alone ? key : authority->key, is_expired ? -2 * DAY : -DAY,
        is_expired ? -DAY : DAY);
    tls->context = SSL_CTX_new(TLS_server_method());
    bool fine = SSL_CTX_use_certificate(tls->context, certificate) == 1 && SSL_CTX_use_PrivateKey(tls->context, key) == 1 &&
                (kind != SINK_TLS_OLD || limit_version(tls->context));
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (fine)
        return tls;
    sink_tls_free(tls);
    return NULL;
}

bool sink_tls_write(const struct sink_tls *tls, const char *certificate_path, const char *key_path)
{
    FILE *certificate = fopen(certificate_path, "w"), *key = fopen(key_path, "w");
    bool fine = certificate && key && PEM_write_X509(certificate, SSL_CTX_get0_certificate(tls->context)) &&
                PEM_write_PrivateKey(key, SSL_CTX_get0_privatekey(tls->context), NULL, NULL, 0, NULL, NULL);
    if (certificate && fclose(certificate) != 0)
        fine = false;
    if (key && fclose(key) != 0)
        fine = false;
    return fine;
}

void sink_tls_free(struct sink_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

/* ---- one connection ---- */

struct sink_tls_session *sink_tls_session_new(struct sink_tls *tls)
{
    struct sink_tls_session *session = mem_new(sizeof *session);
    session->ssl = SSL_new(tls->context);
    session->in = BIO_new(BIO_s_mem());
    session->out = BIO_new(BIO_s_mem());
    SSL_set_bio(session->ssl, session->in, session->out);
    SSL_set_accept_state(session->ssl);
    return session;
}

void sink_tls_session_free(struct sink_tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    free(session);
}

static void drain(struct sink_tls_session *session, struct buf *wire)
{
    char bytes[4096];
    for (int got; (got = BIO_read(session->out, bytes, sizeof bytes)) > 0;)
        buf_append(wire, bytes, (size_t)got);
}

bool sink_tls_session_feed(struct sink_tls_session *session, const char *bytes, size_t len, struct buf *plain,
                           struct buf *wire)
{
    char text[4096];
    int got, why;
    ERR_clear_error();
    BIO_write(session->in, bytes, (int)len);
    while ((got = SSL_read(session->ssl, text, sizeof text)) > 0)
        buf_append(plain, text, (size_t)got);
    why = SSL_get_error(session->ssl, got);
    ERR_clear_error();
    drain(session, wire);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

void sink_tls_session_write(struct sink_tls_session *session, const char *bytes, size_t len, struct buf *wire)
{
    if (len > 0)
        SSL_write(session->ssl, bytes, (int)len);
    ERR_clear_error();
    drain(session, wire);
}

bool sink_tls_session_is_ready(const struct sink_tls_session *session)
{
    return SSL_is_init_finished(session->ssl);
}

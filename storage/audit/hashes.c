/* Whether entries have the hashes and texts that they say, with the hashes and ciphers of OpenSSL.
 *
 * What `PythonHashes.hold` says, without Python between two calls: there it takes most of the time. OpenSSL's library is
 * on every machine with Python, its headers are not; what is used of them stands here (openssl.org, EVP_DigestInit(3),
 * EVP_EncryptInit(3), of OpenSSL 3). */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;

EVP_MD *EVP_MD_fetch(void *library, const char *algorithm, const char *properties);
void EVP_MD_free(EVP_MD *digest);
EVP_MD_CTX *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX *context);
int EVP_DigestInit_ex(EVP_MD_CTX *context, const EVP_MD *digest, void *engine);
int EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t size);
int EVP_DigestFinal_ex(EVP_MD_CTX *context, uint8_t *digest, unsigned *size);
EVP_CIPHER *EVP_CIPHER_fetch(void *library, const char *algorithm, const char *properties);
void EVP_CIPHER_free(EVP_CIPHER *cipher);
EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *context);
int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *context, int command, int size, void *value);
int EVP_DecryptInit_ex(EVP_CIPHER_CTX *, const EVP_CIPHER *, void *engine, const uint8_t *key, const uint8_t *nonce);
int EVP_DecryptUpdate(EVP_CIPHER_CTX *context, uint8_t *text, int *size, const uint8_t *data, int data_size);
int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *context, uint8_t *text, int *size);

enum { SET_TAG = 0x11, DIGEST = 32, KEY = 32, NONCE = 12, TAG = 16 };

/* Columns, each value right behind the one before. Digests, hashes and keys have DIGEST or KEY bytes each. */
struct columns {
    int64_t count;
    const uint8_t *headers;
    const int64_t *header_sizes;
    const uint8_t *prevs;
    const uint8_t *digests; /* zeros where an entry has none */
    const uint8_t *hashes;
    const uint8_t *sealed; /* nonce, text, tag */
    const int64_t *sealed_sizes; /* -1: no text, or none any more */
    const uint8_t *keys; /* one for each entry; of no matter where there is no text */
    uint8_t *room; /* for a text, as long as the longest that is sealed */
};

struct tools {
    EVP_MD *digest;
    EVP_MD_CTX *digesting;
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *deciphering;
};

static const uint8_t ENTRY[1] = {0};

static int is_digest(struct tools *of, const uint8_t *data, size_t size, const uint8_t *expected) {
    uint8_t digest[DIGEST];
    return EVP_DigestInit_ex(of->digesting, of->digest, NULL) && EVP_DigestUpdate(of->digesting, data, size) &&
           EVP_DigestFinal_ex(of->digesting, digest, NULL) && memcmp(digest, expected, DIGEST) == 0;
}

/* SHA-256 of ENTRY, the hash before, SHA-256 of the header, and the digest of the text. */
static int is_linked(struct tools *of, const uint8_t *header, size_t size, const uint8_t *prev, const uint8_t *digest,
                     const uint8_t *hash) {
    uint8_t bound[sizeof ENTRY + 3 * DIGEST];
    uint8_t *to = bound + sizeof ENTRY;
    memcpy(bound, ENTRY, sizeof ENTRY);
    memcpy(to, prev, DIGEST);
    if (!EVP_DigestInit_ex(of->digesting, of->digest, NULL) || !EVP_DigestUpdate(of->digesting, header, size) ||
        !EVP_DigestFinal_ex(of->digesting, to + DIGEST, NULL))
        return 0;
    memcpy(to + 2 * DIGEST, digest, DIGEST);
    return is_digest(of, bound, sizeof bound, hash);
}

/* AES-256-GCM, NIST SP 800-38D: the tag says whether the text is what was sealed. */
static int is_sealed(struct tools *of, const uint8_t *sealed, int64_t size, const uint8_t *key, const uint8_t *digest,
                     uint8_t *room) {
    int text = 0, rest = 0;
    if (size < NONCE + TAG || size > INT32_MAX)
        return 0;
    uint8_t tag[TAG];
    memcpy(tag, sealed + size - TAG, TAG);
    return EVP_DecryptInit_ex(of->deciphering, NULL, NULL, key, sealed) && /* of the cipher that `hold` chose */
           EVP_DecryptUpdate(of->deciphering, room, &text, sealed + NONCE, (int)(size - NONCE - TAG)) &&
           EVP_CIPHER_CTX_ctrl(of->deciphering, SET_TAG, TAG, tag) &&
           EVP_DecryptFinal_ex(of->deciphering, room + text, &rest) > 0 &&
           is_digest(of, room, (size_t)(text + rest), digest);
}

/* 1: all hold. 0: one does not, or OpenSSL cannot say. */
int hold(const struct columns *columns) {
    struct tools of = {EVP_MD_fetch(NULL, "SHA256", NULL), EVP_MD_CTX_new(),
                       EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL), EVP_CIPHER_CTX_new()};
    int all = of.digest && of.digesting && of.cipher && of.deciphering &&
              EVP_DecryptInit_ex(of.deciphering, of.cipher, NULL, NULL, NULL);
    const uint8_t *header = columns->headers, *sealed = columns->sealed;
    for (int64_t at = 0; at < columns->count && all; at++) {
        const uint8_t *digest = columns->digests + at * DIGEST;
        int64_t size = columns->sealed_sizes[at];
        all = is_linked(&of, header, (size_t)columns->header_sizes[at], columns->prevs + at * DIGEST, digest,
                        columns->hashes + at * DIGEST) &&
              (size < 0 || is_sealed(&of, sealed, size, columns->keys + at * KEY, digest, columns->room));
        header += columns->header_sizes[at];
        sealed += size < 0 ? 0 : size;
    }
    EVP_MD_free(of.digest);
    EVP_MD_CTX_free(of.digesting);
    EVP_CIPHER_free(of.cipher);
    EVP_CIPHER_CTX_free(of.deciphering);
    return all;
}

/*
 * zstd (RFC 8878), streaming: the one file behind this that knows the library. A frame is what is
 * packed between two ends; it can be unpacked without those before it, and holds a checksum.
 */
#ifndef CLADE_ZST_H
#define CLADE_ZST_H

#include <stddef.h>
#include <stdint.h>

#include "clade/text.h"

enum {
	ZST_MAGIC_LEN = 4,
	ZST_SKIP_HEAD = 8, /* magic number and length of a frame that every reader skips */
};

/* How a frame begins, and one that holds no data of its own (little endian in the file). */
#define ZST_MAGIC UINT32_C(0xfd2fb528)
#define ZST_MAGIC_SKIP UINT32_C(0x184d2a5c)

struct zst_packer;

/* NULL without memory. The memory that packing needs is taken here. */
struct zst_packer *zst_packer_new(int level);
void zst_packer_free(struct zst_packer *packer);

/* Goes on with the frame, or begins one; what is ready is added to `out`. Returns 0 or -errno. */
int zst_pack(struct zst_packer *packer, const void *bytes, size_t len, struct text *out);

/* Ends the frame. */
int zst_pack_end(struct zst_packer *packer, struct text *out);

/* Forgets an unfinished frame. */
void zst_packer_reset(struct zst_packer *packer);

struct zst_unpacker;

struct zst_unpacker *zst_unpacker_new(void);
void zst_unpacker_free(struct zst_unpacker *unpacker);

/* Begins anew, at the start of a frame. */
void zst_unpacker_reset(struct zst_unpacker *unpacker);

/*
 * Unpacks some of bytes[0..len) to the end of `out`, at most some hundred kilobytes; `*used` bytes
 * were taken in. Returns 1 in the midst of a frame, 0 at the end of one, -EBADMSG for what is no
 * zstd or was changed, or -ENOMEM.
 */
int zst_unpack(struct zst_unpacker *unpacker, const void *bytes, size_t len, size_t *used,
	       struct text *out);

#endif

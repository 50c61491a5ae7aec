#include "clade/zst.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { STEP = 128 << 10 };

struct zst_packer {
	ZSTD_CCtx *context;
};

struct zst_unpacker {
	ZSTD_DCtx *context;
};

static int error_of(size_t code)
{
	return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
}

struct zst_packer *zst_packer_new(int level)
{
	struct zst_packer *packer = calloc(1, sizeof(*packer));
	struct text scratch = {0};

	if (packer)
		packer->context = ZSTD_createCCtx();
	if (!packer || !packer->context ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(packer->context, ZSTD_c_checksumFlag, 1)) ||
	    /* an empty frame makes the library take its memory now */
	    zst_pack_end(packer, &scratch) != 0) {
		zst_packer_free(packer);
		packer = NULL;
	}
	text_done(&scratch);
	return packer;
}

void zst_packer_free(struct zst_packer *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->context);
	free(packer);
}

void zst_packer_reset(struct zst_packer *packer)
{
	ZSTD_CCtx_reset(packer->context, ZSTD_reset_session_only);
}

/* One call of the library. Returns what is left to flush, or -errno. */
static ssize_t pack_some(struct zst_packer *packer, ZSTD_inBuffer *in, ZSTD_EndDirective end,
			 struct text *out)
{
	ZSTD_outBuffer room = {.dst = text_room(out, STEP), .size = STEP};
	size_t left = ZSTD_compressStream2(packer->context, &room, in, end);

	if (ZSTD_isError(left))
		return error_of(left);
	text_added(out, room.pos);
	return (ssize_t)left;
}

int zst_pack(struct zst_packer *packer, const void *bytes, size_t len, struct text *out)
{
	ZSTD_inBuffer in = {.src = bytes, .size = len};

	while (in.pos < in.size) {
		ssize_t left = pack_some(packer, &in, ZSTD_e_continue, out);

		if (left < 0)
			return (int)left;
	}
	return 0;
}

int zst_pack_end(struct zst_packer *packer, struct text *out)
{
	ZSTD_inBuffer in = {.src = ""};
	ssize_t left = 1;

	while (left > 0)
		left = pack_some(packer, &in, ZSTD_e_end, out);
	return (int)left;
}

struct zst_unpacker *zst_unpacker_new(void)
{
	struct zst_unpacker *unpacker = calloc(1, sizeof(*unpacker));

	if (unpacker)
		unpacker->context = ZSTD_createDCtx();
	if (unpacker && !unpacker->context) {
		free(unpacker);
		unpacker = NULL;
	}
	return unpacker;
}

void zst_unpacker_free(struct zst_unpacker *unpacker)
{
	if (!unpacker)
		return;
	ZSTD_freeDCtx(unpacker->context);
	free(unpacker);
}

void zst_unpacker_reset(struct zst_unpacker *unpacker)
{
	ZSTD_DCtx_reset(unpacker->context, ZSTD_reset_session_only);
}

int zst_unpack(struct zst_unpacker *unpacker, const void *bytes, size_t len, size_t *used,
	       struct text *out)
{
	ZSTD_inBuffer in = {.src = bytes, .size = len};
	ZSTD_outBuffer room = {.dst = text_room(out, STEP), .size = STEP};
	size_t left = ZSTD_decompressStream(unpacker->context, &room, &in);

	if (ZSTD_isError(left))
		return error_of(left);
	text_added(out, room.pos);
	*used = in.pos;
	return left > 0;
}

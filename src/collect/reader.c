/* Reads a sample of a tape line by line. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clade/zst.h"
#include "tape.h"

enum {
	CHUNK = 64 << 10,
	LINE_MOST = 64 << 20, /* arguments of 4 MB, escaped and once more in base64, are 30 */
};

static const uint64_t SAMPLE_MOST = UINT64_C(2) << 30; /* unpacked */

int tape_reader_begin(struct tape_reader *reader, const struct tape *tape, size_t entry)
{
	if (!reader->unpacker)
		reader->unpacker = zst_unpacker_new();
	if (!reader->unpacker)
		return -ENOMEM;
	zst_unpacker_reset(reader->unpacker);
	reader->tape = tape;
	reader->entry = &tape->entries[entry];
	reader->done = 0;
	reader->unpacked = 0;
	reader->line = 0;
	reader->is_ended = false;
	text_clear(&reader->packed);
	text_clear(&reader->lines);
	return 0;
}

void tape_reader_done(struct tape_reader *reader)
{
	zst_unpacker_free(reader->unpacker);
	text_done(&reader->packed);
	text_done(&reader->lines);
	*reader = (struct tape_reader){0};
}

/* Reads the next bytes of the file into `out`. Returns how many, 0 at the sample's end. */
static ssize_t read_chunk(struct tape_reader *reader, struct text *out)
{
	const struct tape_file *file = &reader->tape->files[reader->entry->file];
	uint64_t left = reader->entry->len - reader->done;
	size_t want = left < CHUNK ? (size_t)left : CHUNK;
	ssize_t n;

	if (file->fd < 0)
		return -ESTALE;
	if (want == 0)
		return 0;
	n = pread(file->fd, text_room(out, want), want,
		  (off_t)(reader->entry->offset + reader->done));
	if (n <= 0)
		return n < 0 ? -errno : -EBADMSG;
	text_added(out, (size_t)n);
	reader->done += (uint64_t)n;
	return n;
}

/* Unpacks a little. Returns 1, or 0 at the end of the frame. */
static int unpack_some(struct tape_reader *reader)
{
	size_t before = reader->lines.len;
	size_t used = 0;
	int rc;

	if (reader->is_ended)
		return 0;
	if (reader->packed.len == 0) {
		ssize_t n = read_chunk(reader, &reader->packed);

		if (n < 0)
			return (int)n;
	}
	rc = zst_unpack(reader->unpacker, text_str(&reader->packed), reader->packed.len, &used,
			&reader->lines);
	if (rc < 0)
		return rc;
	/* the frame wants more than there is */
	if (rc == 1 && used == 0 && reader->lines.len == before && reader->packed.len == 0)
		return -EBADMSG;
	if (used > 0)
		memmove(reader->packed.data, reader->packed.data + used, reader->packed.len - used);
	reader->packed.len -= used;
	reader->is_ended = rc == 0;
	reader->unpacked += reader->lines.len - before;
	return reader->unpacked <= SAMPLE_MOST ? rc : -EBADMSG;
}

/* Adds to the lines. Returns 1, 0 at the end, or -errno. */
static int fill(struct tape_reader *reader)
{
	if (reader->line > 0) {
		memmove(reader->lines.data, reader->lines.data + reader->line,
			reader->lines.len - reader->line);
		reader->lines.len -= reader->line;
		reader->line = 0;
	}
	if (reader->lines.len > LINE_MOST)
		return -EFBIG;
	if (reader->tape->files[reader->entry->file].kind == TAPE_FRAMES)
		return unpack_some(reader);
	return (int)(read_chunk(reader, &reader->lines));
}

int tape_reader_next(struct tape_reader *reader, const char **line, size_t *len)
{
	size_t looked = 0;

	for (;;) {
		const char *from = text_str(&reader->lines) + reader->line;
		size_t left = reader->lines.len - reader->line;
		const char *end = memchr(from + looked, '\n', left - looked);
		int rc;

		if (end) {
			*line = from;
			*len = (size_t)(end - from);
			reader->line += *len + 1;
			return 1;
		}
		looked = left;
		rc = fill(reader);
		if (rc > 0)
			continue;
		/* what is behind the last line end is no line */
		if (rc == 0 && reader->lines.len - reader->line > looked)
			continue;
		return rc < 0 ? rc : left == 0 ? 0 : -EBADMSG;
	}
}

int tape_reader_bytes(struct tape_reader *reader, const char **bytes, size_t *len)
{
	ssize_t n;

	text_clear(&reader->lines);
	n = read_chunk(reader, &reader->lines);
	*bytes = text_str(&reader->lines);
	*len = reader->lines.len;
	return n > 0 ? 1 : (int)n;
}

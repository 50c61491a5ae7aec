/*
 * Where the samples of a recording lie: its files, oldest first, and in them each sample that is
 * whole. What was written since is looked for on request. Then the lines of a sample, one by one:
 * no more than one is in memory.
 */
#ifndef CLADE_TAPE_H
#define CLADE_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "clade/recording.h"
#include "clade/text.h"

enum tape_kind {
	TAPE_EMPTY,    /* nothing in it yet */
	TAPE_FRAMES,   /* clade/frame.h */
	TAPE_LINES,    /* the same lines, plain */
	TAPE_DOCUMENT, /* one JSON document */
};

struct tape_file {
	char *name; /* for messages */
	enum tape_kind kind;
	int fd;         /* -1: it was dropped from the ring meanwhile */
	ino_t inode;    /* 0: it has no name */
	uint64_t at;    /* all before it has been looked at */
	uint64_t lost;  /* bytes in the midst of it that are no whole samples */
	uint64_t tail;  /* bytes behind its last whole sample */
	bool is_linked; /* the last sample in it was whole: a change to it can be read */
};

struct tape_entry {
	struct recording_sample sample;
	size_t file;
	uint64_t offset;
	uint64_t len;
	bool is_broken; /* it was tried */
};

struct tape {
	char *path; /* of the newest file of a ring; NULL: it does not grow */
	struct tape_file *files;
	size_t n_files;
	struct tape_entry *entries;
	size_t n;
	size_t size;
	struct text gaps; /* files that are missing, a sentence a line */
	int pipe;         /* what the only file is copied from; -1: nothing */
	uint64_t piped;   /* bytes that came from it */
};

/* Opens what recording_open() does. Returns 0 (tape_close()), or -errno with a sentence in `error`
 * where there is more to say; either way what is there is the caller's to close. */
int tape_open(struct tape *tape, const char *path, struct text *error);

/* The same for bytes. */
int tape_open_bytes(struct tape *tape, const void *bytes, size_t len, struct text *error);

void tape_close(struct tape *tape);

/* Looks for further samples. Returns how many there are. */
size_t tape_poll(struct tape *tape);

/* Waits for the end of standard input, where that is read. */
void tape_wait(struct tape *tape);

/* Looks for further samples in one file. */
void tape_scan(struct tape *tape, size_t file);

/* Adds what is missing, a sentence a line. */
void tape_add_missing(const struct tape *tape, struct text *out);

/* Reading one sample. `{0}` is an empty reader. */
struct zst_unpacker;

struct tape_reader {
	const struct tape *tape;
	const struct tape_entry *entry;
	uint64_t done; /* bytes of the entry that were read */
	struct zst_unpacker *unpacker;
	struct text packed;
	struct text lines; /* what was read; `line` begins in it */
	size_t line;
	uint64_t unpacked;
	bool is_ended; /* the frame has no more */
};

/* Returns 0 or -ENOMEM. */
int tape_reader_begin(struct tape_reader *reader, const struct tape *tape, size_t entry);

/* The next line without its end, valid until the next call. Returns 1, 0 after the last, -EBADMSG
 * for what is broken, -EFBIG for a line that is longer than may be, or another -errno. */
int tape_reader_next(struct tape_reader *reader, const char **line, size_t *len);

/* The next bytes of a document, valid until the next call. Returns 1, 0 after the last, or -errno.
 */
int tape_reader_bytes(struct tape_reader *reader, const char **bytes, size_t *len);

void tape_reader_done(struct tape_reader *reader);

#endif

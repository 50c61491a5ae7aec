/* Finds the samples in the files of a tape: by their heads where they have some, else by their
 * first, their verdict's and their last line. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/frame.h"
#include "clade/mem.h"
#include "parse.h"
#include "tape.h"

enum {
	CHUNK = 64 << 10,
	LINE_KEPT = 64 << 10, /* the lines that matter here are shorter */
};

/* A change can be read only when the sample before it was: else it is lost. */
static void add_entry(struct tape *tape, size_t f, const struct recording_sample *sample,
		      uint64_t offset, uint64_t len)
{
	struct tape_file *file = &tape->files[f];

	if (!sample->is_full && !file->is_linked) {
		file->lost += len;
		return;
	}
	file->is_linked = true;
	if (tape->n == tape->size) {
		tape->size = tape->size > 0 ? tape->size * 2 : 64;
		tape->entries = mem_grow(tape->entries, tape->size, sizeof(*tape->entries));
	}
	tape->entries[tape->n++] =
		(struct tape_entry){.sample = *sample, .file = f, .offset = offset, .len = len};
}

/* ---- Frames ---- */

/* Where the next head may be, behind a place where there is none; `size` when there is none. */
static uint64_t find_head(const struct tape_file *file, uint64_t from, uint64_t size)
{
	struct text window = {0};
	uint64_t found = size;

	while (from < size && found == size) {
		ssize_t n = pread(file->fd, text_room(&window, CHUNK), CHUNK, (off_t)from);
		size_t at = n > 0 ? frame_find_head(window.data, (size_t)n) : 0;

		if (n < FRAME_HEAD_LEN)
			break;
		if (at < (size_t)n)
			found = from + at;
		/* one may begin at the very end of this window */
		from += (uint64_t)n - FRAME_HEAD_LEN + 1;
	}
	text_done(&window);
	return found;
}

static void scan_frames(struct tape *tape, size_t f, uint64_t size)
{
	struct tape_file *file = &tape->files[f];

	while (file->at < size) {
		unsigned char head[FRAME_HEAD_LEN];
		struct recording_sample sample;
		uint64_t len;
		uint64_t next;

		if (pread(file->fd, head, sizeof(head), (off_t)file->at) == FRAME_HEAD_LEN &&
		    frame_parse_head(head, sizeof(head), &sample, &len)) {
			if (len > size - file->at - FRAME_HEAD_LEN)
				break; /* torn, or being written */
			add_entry(tape, f, &sample, file->at + FRAME_HEAD_LEN, len);
			file->at += FRAME_HEAD_LEN + len;
			continue;
		}
		next = find_head(file, file->at + 1, size);
		if (next == size)
			break;
		file->is_linked = false;
		file->lost += next - file->at;
		file->at = next;
	}
	file->tail = size - file->at;
}

/* ---- Lines ---- */

/* A sample that is being looked through. */
struct draft {
	struct recording_sample sample;
	uint64_t offset;
	bool has_begun;
};

/* A line begins with its type: {"type":"end", … */
static bool is_type(const struct text *line, const char *type)
{
	const char *at = text_str(line);
	size_t len = strlen(type);

	at = strncmp(at, "{", 1) == 0 ? at + 1 : "";
	at += strspn(at, " \t");
	if (strncmp(at, "\"type\"", 6) != 0)
		return false;
	at += 6;
	at += strspn(at, " \t:");
	return at[0] == '"' && strncmp(at + 1, type, len) == 0 && at[len + 1] == '"';
}

static void take_sample(struct draft *draft, const json_t *line, uint64_t offset)
{
	*draft = (struct draft){
		.sample =
			{
				.taken_ms = parse_time(parse_get_string(line, "taken")),
				.mono_ms = parse_get_uint(line, "mono_ms"),
				.is_full = json_is_true(json_object_get(line, "full")),
				.is_first = !json_is_number(json_object_get(line, "interval_s")),
			},
		.offset = offset,
		.has_begun = true,
	};
}

static void take_verdict(struct draft *draft, const json_t *line)
{
	const char *word = parse_get_string(line, "word");

	if (!word)
		return;
	strncpy(draft->sample.word, word, WORD_LEN - 1);
	draft->sample.verdict = frame_verdict(word, parse_get_string(line, "owner"));
}

/* One line; `end` is where the next begins. */
static void take_line(struct tape *tape, size_t f, struct draft *draft, const struct text *text,
		      uint64_t start, uint64_t end)
{
	bool is_sample = is_type(text, "sample");
	bool is_end = is_type(text, "end");
	json_t *line;

	if (!is_sample && !is_end && !is_type(text, "verdict"))
		return;
	line = json_loadb(text_str(text), text->len, 0, NULL);
	if (line && is_sample) {
		take_sample(draft, line, start);
	} else if (line && draft->has_begun && is_end) {
		uint64_t processes = parse_get_uint(line, "processes");

		draft->sample.processes = processes < UINT32_MAX ? (uint32_t)processes : 0;
		if (draft->offset > tape->files[f].at) {
			tape->files[f].lost += draft->offset - tape->files[f].at;
			tape->files[f].is_linked = false;
		}
		add_entry(tape, f, &draft->sample, draft->offset, end - draft->offset);
		tape->files[f].at = end;
		draft->has_begun = false;
	} else if (line && draft->has_begun) {
		take_verdict(draft, line);
	}
	json_decref(line);
}

static void scan_lines(struct tape *tape, size_t f, uint64_t size)
{
	struct tape_file *file = &tape->files[f];
	struct draft draft = {0};
	struct text chunk = {0};
	struct text line = {0};
	uint64_t at = file->at;
	uint64_t start = at;

	while (at < size) {
		ssize_t n = pread(file->fd, text_room(&chunk, CHUNK), CHUNK, (off_t)at);
		const char *from = chunk.data;
		const char *end = chunk.data + (n > 0 ? n : 0);

		if (n <= 0)
			break;
		while (from < end) {
			const char *stop = memchr(from, '\n', (size_t)(end - from));
			size_t len = (size_t)((stop ? stop : end) - from);

			if (line.len < LINE_KEPT)
				text_add_bytes(&line, from,
					       len < LINE_KEPT - line.len ? len
									  : LINE_KEPT - line.len);
			from += len + (stop != NULL);
			if (!stop)
				break;
			take_line(tape, f, &draft, &line, start,
				  at + (uint64_t)(from - chunk.data));
			text_clear(&line);
			start = at + (uint64_t)(from - chunk.data);
		}
		at += (uint64_t)n;
	}
	text_done(&chunk);
	text_done(&line);
	file->tail = size - file->at;
}

/* A document is one sample; when it was, is known when it is read. */
static void scan_document(struct tape *tape, size_t f, uint64_t size)
{
	struct recording_sample sample = {
		.taken_ms = UNKNOWN, .mono_ms = UNKNOWN, .is_full = true, .is_first = true};

	if (tape->files[f].at == 0 && tape->pipe < 0)
		add_entry(tape, f, &sample, 0, size);
	if (tape->pipe < 0)
		tape->files[f].at = size;
}

void tape_scan(struct tape *tape, size_t f)
{
	const struct tape_file *file = &tape->files[f];
	struct stat stat;

	if (fstat(file->fd, &stat) != 0 || (uint64_t)stat.st_size <= file->at)
		return;
	if (file->kind == TAPE_FRAMES)
		scan_frames(tape, f, (uint64_t)stat.st_size);
	else if (file->kind == TAPE_LINES)
		scan_lines(tape, f, (uint64_t)stat.st_size);
	else if (file->kind == TAPE_DOCUMENT)
		scan_document(tape, f, (uint64_t)stat.st_size);
}

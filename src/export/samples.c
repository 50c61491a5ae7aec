#include "clade/samples.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "clade/frame.h"
#include "clade/redact.h"
#include "ndjson.h"

enum { PACK_LEVEL = 3 };

struct packing {
	struct zst_packer *packer;
	struct text *out;
};

static int pack_bytes(void *context, const char *bytes, size_t len)
{
	const struct packing *packing = context;

	return zst_pack(packing->packer, bytes, len, packing->out);
}

static struct recording_sample sample_of(const struct model *model, bool is_full)
{
	const struct verdict *verdict = &model->verdict;
	struct recording_sample sample = {
		.taken_ms = model->snap->taken_ms,
		.mono_ms = model->snap->mono_ms,
		.processes = (uint32_t)model->snap->n_procs,
		.is_full = is_full,
		.is_first = isnan(model->snap->interval_s),
		.verdict = frame_verdict(
			verdict->word,
			verdict->owner != NO_OWNER ? model->attr->owners[verdict->owner].id : NULL),
	};

	strncpy(sample.word, verdict->word, WORD_LEN - 1);
	return sample;
}

/* Leaves room for the head, and writes it when the frame's length is known. */
static void put_head(struct text *out, size_t start, const struct model *model, bool is_full)
{
	struct recording_sample sample = sample_of(model, is_full);
	unsigned char head[FRAME_HEAD_LEN];

	frame_put_head(head, &sample, out->len - start - FRAME_HEAD_LEN);
	memcpy(out->data + start, head, sizeof(head));
}

/* Cuts `out` off where it was before a failure. */
static int undo(struct zst_packer *packer, struct text *out, size_t start, int rc)
{
	zst_packer_reset(packer);
	out->len = start;
	return rc;
}

static int pack_lines(struct packing *packing, const struct model *model,
		      const struct model *before, const struct export_config *config)
{
	struct selection selection;
	int rc;

	selection_make(&selection, model, &config->wanted);
	rc = ndjson_write(
		&(struct export_job){
			.model = model,
			.config = config,
			.selection = &selection,
			.sink = pack_bytes,
			.context = packing,
		},
		before);
	selection_done(&selection);
	return rc == 0 ? zst_pack_end(packing->packer, packing->out) : rc;
}

/* What has changed is told of what may be shown. */
static int pack_masked(struct packing *packing, const struct model *model,
		       const struct model *before, const struct export_config *config)
{
	struct redacted *now = redacted_new(model);
	struct redacted *then = before ? redacted_new(before) : NULL;
	int rc = pack_lines(packing, redacted_model(now), then ? redacted_model(then) : NULL,
			    config);

	redacted_free(now);
	redacted_free(then);
	return rc;
}

int samples_pack(struct zst_packer *packer, const struct model *model, const struct model *before,
		 const struct export_config *config, struct text *out)
{
	struct packing packing = {.packer = packer, .out = out};
	size_t start = out->len;
	int rc;

	text_add_repeat(out, '\0', FRAME_HEAD_LEN);
	rc = config->is_redacted ? pack_masked(&packing, model, before, config)
				 : pack_lines(&packing, model, before, config);
	if (rc != 0)
		return undo(packer, out, start, rc);
	put_head(out, start, model, !before);
	return 0;
}

/* Any other format is a frame without a head. */
static int pack_plainly(struct zst_packer *packer, const struct export_format *format,
			const struct model *model, const struct export_config *config,
			struct text *out)
{
	struct packing packing = {.packer = packer, .out = out};
	int rc = export_write(format, model, config, pack_bytes, &packing);

	return rc == 0 ? zst_pack_end(packer, out) : rc;
}

int export_write_packed(const struct export_format *format, const struct model *model,
			const struct export_config *config, export_sink *sink, void *context)
{
	struct zst_packer *packer = zst_packer_new(PACK_LEVEL);
	struct text out = {0};
	int rc;

	if (!packer)
		return -ENOMEM;
	if (format->write == export_ndjson)
		rc = samples_pack(packer, model, NULL, config, &out);
	else
		rc = pack_plainly(packer, format, model, config, &out);
	if (rc == 0)
		rc = sink(context, text_str(&out), out.len);
	zst_packer_free(packer);
	text_done(&out);
	return rc;
}

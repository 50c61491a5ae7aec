#include "clade/source.h"

int source_begin(struct source *source, const struct snapshot *previous)
{
	return source->begin(source, previous);
}

int source_step(struct source *source)
{
	return source->step(source);
}

int source_seal(struct source *source, struct snapshot **snapshot)
{
	return source->seal(source, snapshot);
}

void source_idle(struct source *source)
{
	if (source->idle)
		source->idle(source);
}

size_t source_progress(const struct source *source)
{
	return source->progress(source);
}

void source_close(struct source *source)
{
	if (source)
		source->close(source);
}

int source_sample(struct source *source, const struct snapshot *previous,
		  struct snapshot **snapshot)
{
	int rc = source_begin(source, previous);

	while (rc == 0) {
		rc = source_step(source);
		if (rc == 0)
			return source_seal(source, snapshot);
		if (rc > 0)
			rc = 0;
	}
	return rc;
}

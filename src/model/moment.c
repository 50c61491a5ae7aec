#include "clade/moment.h"

int moment_make(struct attributor *attributor, struct history *history, struct snapshot *snap,
		struct moment *moment)
{
	struct moment made = {.snap = snap};
	int rc = attributor_assign(attributor, snap, &made.attr);

	if (rc == 0)
		rc = model_make(history, snap, made.attr, &made.model);
	if (rc != 0) {
		moment_done(&made);
		return rc;
	}
	*moment = made;
	return 0;
}

void moment_done(struct moment *moment)
{
	model_free(moment->model);
	attribution_free(moment->attr);
	snapshot_free(moment->snap);
	*moment = (struct moment){0};
}

#include "clade/moment.h"

#include <errno.h>
#include <stdlib.h>

struct moment_maker {
	struct attributor *attributor;
	struct history *history;
	struct moment moment;
	struct pass *pass; /* while owners are found */
	struct model_maker *model;
};

int moment_begin(struct attributor *attributor, struct history *history, struct snapshot *snap,
		 struct moment_maker **maker)
{
	struct moment_maker *made = calloc(1, sizeof(*made));
	int rc = -ENOMEM;

	if (!made) {
		snapshot_free(snap);
		return rc;
	}
	*made = (struct moment_maker){
		.attributor = attributor,
		.history = history,
		.moment = {.snap = snap},
	};
	rc = attributor_begin(attributor, snap, &made->pass);
	if (rc != 0) {
		moment_drop(made);
		return rc;
	}
	*maker = made;
	return 0;
}

static int step_pass(struct moment_maker *maker)
{
	int rc = attributor_step(maker->pass);

	if (rc != 0)
		return rc;
	maker->moment.attr = attributor_end(maker->pass);
	maker->pass = NULL;
	rc = model_begin(maker->history, maker->moment.snap, maker->moment.attr, &maker->model);
	return rc != 0 ? rc : 1;
}

static int step_model(struct moment_maker *maker)
{
	int rc = model_step(maker->model);

	if (rc != 0)
		return rc;
	maker->moment.model = model_end(maker->model);
	maker->model = NULL;
	return 0;
}

int moment_step(struct moment_maker *maker)
{
	if (maker->moment.model)
		return 0;
	return maker->pass ? step_pass(maker) : step_model(maker);
}

struct moment moment_end(struct moment_maker *maker)
{
	struct moment made = maker->moment;

	free(maker);
	return made;
}

void moment_drop(struct moment_maker *maker)
{
	if (!maker)
		return;
	attributor_drop(maker->pass);
	model_drop(maker->model);
	moment_done(&maker->moment);
	free(maker);
}

int moment_make(struct attributor *attributor, struct history *history, struct snapshot *snap,
		struct moment *moment)
{
	struct moment_maker *maker;
	int rc = moment_begin(attributor, history, snap, &maker);

	if (rc != 0)
		return rc;
	do {
		rc = moment_step(maker);
	} while (rc > 0);
	if (rc == 0)
		*moment = moment_end(maker);
	else
		moment_drop(maker);
	return rc;
}

void moment_done(struct moment *moment)
{
	model_free(moment->model);
	attribution_free(moment->attr);
	snapshot_free(moment->snap);
	*moment = (struct moment){0};
}

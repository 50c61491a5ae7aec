/* What `clade kill` has to do with supervisors: says which ones would bring things back, tells them
 * to end them, and watches whether they come back. */
#ifndef CLADE_SUPERVISE_H
#define CLADE_SUPERVISE_H

#include "clade/audit.h"
#include "clade/comeback.h"
#include "clade/plan.h"
#include "clade/supervisor.h"
#include "program.h"

struct supervise {
	struct supervisors *supervisors;
	struct comeback *comeback;
};

/* Finds out, from the model that the plan was made of. supervise_done() is due afterwards. Returns
 * 0 or -errno. */
int supervise_open(struct supervise *supervise, const struct model *model, const struct plan *plan);
void supervise_done(struct supervise *supervise);

/* Adds a paragraph with a line for each, nothing when there is none. */
void supervise_add_text(struct text *out, const struct supervise *supervise);

/* Tells all of them, one after the other; `is_interrupted` is called while waiting, for at most so
 * many milliseconds. Says what each answers. Returns an exit status: EXIT_OK when all have stopped
 * what they keep. */
int supervise_stop(const struct program *program, const struct supervise *supervise,
		   struct audit *audit, bool (*is_interrupted)(int signals, int wait_ms),
		   int signals);

/* Watches for as long as --watch says, and says when something has come back: EXIT_FAILED then. */
int supervise_watch(struct program *program, const struct supervise *supervise,
		    bool (*is_interrupted)(int signals, int wait_ms), int signals);

#endif

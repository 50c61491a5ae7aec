/* The kill dialogue: its state, which kill.c changes and kill_draw.c shows. */
#ifndef CLADE_TUI_KILL_H
#define CLADE_TUI_KILL_H

#include "clade/audit.h"
#include "clade/comeback.h"
#include "clade/execute.h"
#include "clade/plan.h"
#include "clade/supervisor.h"
#include "panes.h"
#include "ui.h"

enum stage { STAGE_ASK, STAGE_SIGNALS, STAGE_TELL, STAGE_RUN, STAGE_RESULT };

struct kill {
	enum stage stage;
	struct plan_target *targets;
	size_t n_targets;
	char *words;
	int signal;
	size_t signal_at; /* STAGE_SIGNALS: the chosen row */
	struct plan *plan;
	struct supervisors *supervisors;
	size_t told; /* STAGE_TELL: supervisors that are done with */
	struct supervisor_stop *stop;
	struct audit *audit;
	struct execution *execution;
	struct comeback *comeback; /* what would come back; the UI's once all are gone */
	struct input input;
	struct text lines; /* what is in view: the plan, or the result */
	size_t top;
};

/* Whether owners are meant, which may have others in them. */
bool kill_has_owners(const struct kill *kill);

/* How far it is, and what came of it, in lines. */
void kill_draw_progress(struct cells *cells, int signal, const struct execute_progress *progress);
void kill_add_result(struct text *lines, const struct execute_progress *progress);

void kill_draw(const struct ui *ui, struct cells *cells, const struct layout *layout);
void kill_draw_footer(const struct ui *ui, struct cells *cells, int row);

#endif

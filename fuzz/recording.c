/*
 * Any bytes as a recording: opened, gone through forwards and backwards, and made into moments with
 * the owners that they have. `make fuzz` builds and runs it with libFuzzer; a file that fails can
 * be given to it by name.
 */
#include <stddef.h>
#include <stdint.h>

#include "clade/moment.h"
#include "clade/recording.h"

enum { MOMENTS_MOST = 16 };

struct room {
	struct ruleset *rules;
	struct users *users;
	struct attributor *attributor;
	struct history *history;
};

static void look(struct room *room, struct source *source, size_t i)
{
	struct moment moment = {0};
	struct snapshot *snap;

	recording_seek(source, i);
	if (source_sample(source, NULL, &snap) == 0 &&
	    moment_make(room->attributor, room->history, snap, &moment) == 0)
		moment_done(&moment);
}

static void go_through(struct source *source)
{
	struct room room = {.rules = rules_new(),
			    .users = users_new("/dev/null"),
			    .history = history_new(NULL)};
	size_t n = recording_count(source);

	room.attributor = attributor_new(&(struct attributor_config){
		.rules = room.rules, .users = room.users, .use_recorded = true});
	recording_learn_users(source, room.users);
	if (n > MOMENTS_MOST)
		n = MOMENTS_MOST;
	for (size_t i = 0; i < n; i++)
		look(&room, source, i);
	for (size_t i = n; i-- > 0;)
		look(&room, source, i);
	recording_missing(source);
	attributor_free(room.attributor);
	history_free(room.history);
	users_free(room.users);
	rules_free(room.rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source = NULL;
	struct text error = {0};

	if (recording_open_bytes(data, size, &source, &error) == 0)
		go_through(source);
	source_close(source);
	text_done(&error);
	return 0;
}

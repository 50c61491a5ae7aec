#include "clade/query.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/text.h"

struct query {
	regex_t regex;
	bool is_negated;
};

static bool has_capital(const char *s)
{
	for (; *s; s++) {
		if (isupper((unsigned char)*s))
			return true;
	}
	return false;
}

int query_new(const char *pattern, struct text *error, struct query **query)
{
	struct query *made = mem_new(1, sizeof(*made));
	int rc;

	made->is_negated = *pattern == '!';
	pattern += made->is_negated;
	rc = regcomp(&made->regex, pattern,
		     REG_EXTENDED | REG_NOSUB | (has_capital(pattern) ? 0 : REG_ICASE));
	if (rc != 0) {
		char why[128];

		regerror(rc, &made->regex, why, sizeof(why));
		if (error)
			text_printf(error, "%s in '%s'", why, pattern);
		free(made);
		return -EINVAL;
	}
	*query = made;
	return 0;
}

void query_free(struct query *query)
{
	if (!query)
		return;
	regfree(&query->regex);
	free(query);
}

bool query_is_negated(const struct query *query)
{
	return query->is_negated;
}

static bool matches(const struct query *query, const char *s)
{
	return s && regexec(&query->regex, s, 0, NULL, 0) == 0;
}

bool query_match_owner(const struct query *query, const struct model *model, int32_t at)
{
	const struct owner *owner = &model->attr->owners[at];
	bool is_match = matches(query, owner->name) || matches(query, owner->id) ||
			matches(query, owner->label) ||
			matches(query, owner_kind_name(owner->kind));

	return is_match != query->is_negated;
}

bool query_match_proc(const struct query *query, const struct model *model, int32_t at)
{
	const struct process *proc = &model->snap->procs[at];
	struct text command = {0};
	char pid[16];
	bool is_match;

	snprintf(pid, sizeof(pid), "%d", proc->pid);
	is_match = matches(query, proc->facts->comm) || matches(query, pid) ||
		   matches(query, model->attr->procs[at].title);
	if (!is_match) {
		process_add_command(proc, &command);
		is_match = matches(query, text_str(&command));
		text_done(&command);
	}
	return is_match != query->is_negated;
}

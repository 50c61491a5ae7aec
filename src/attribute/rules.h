/*
 * The owner rules as the attribute layer uses them: one struct a stanza of owners.conf. What each
 * key means for those who write rules is in clade-owners(5).
 */
#ifndef CLADE_RULES_H
#define CLADE_RULES_H

#include "clade/attributor.h"
#include "match.h"

/* Words of a line that is used as it stands: a path and what to take from the file. */
struct line {
	char **words;
	size_t n;
};

struct lines {
	struct line *items;
	size_t n;
};

struct patterns {
	struct pattern *items;
	size_t n;
};

struct rule {
	char *name; /* the product */
	char *label;
	enum owner_kind kind;
	int priority;        /* smaller is tried first among environment claims */
	bool is_multiplexer; /* its server keeps the environment of whoever started it */

	/* The root process, and what looks like one and is none. */
	struct conditions roots, root_nots;
	struct conditions servers; /* serves sessions: a root once something of it runs */

	/* Environment markers. */
	struct conditions envs, env_nots;
	struct line session;  /* variables that hold the session id; the first that is set counts */
	struct line root_pid; /* a variable that holds the root's pid [, separator, field] */
	struct line keep;     /* further variables to keep beside a marker */
	struct line always;   /* variables to keep in any environment */

	/* Children of the root that are owners of their own: PM2 apps, panes, cron jobs. */
	struct conditions children;
	bool any_child;
	char *child_key, *child_name;
	char *child_since, *child_restarts; /* variables */

	/* cgroups. */
	struct patterns cgroups;      /* group 1 is the key */
	struct patterns cgroup_nots;  /* a supervisor's own cgroup, not the container's */
	struct patterns cgroup_marks; /* proves the product when nothing else does */
	bool is_key_escaped;          /* systemd's \x2d */
	struct line key_replace;      /* one character for another in the key */
	bool is_namespace;            /* stands for unknown containers told by their namespaces */

	/* A container's monitor: conmon, containerd-shim. */
	struct conditions monitors;
	struct line monitor_id; /* its options for the id: the first that is given counts */
	char *monitor_name, *monitor_bundle; /* its options */
	bool has_monitor_children;           /* the monitor's children are inside the container */

	/* Names and keys; templates, see names.h. */
	char *key, *name_template;
	struct pattern name_pattern;   /* what to take of the title or of the name */
	char *config_env, *config_dir; /* %c */
	struct line engine;            /* executable, option and default that give %d */
	struct lines registry, titles, title_lines, title_firsts;
	struct lines name_json, name_list, name_state;
	struct lines name_glob, name_vars;
	struct pattern registry_fd;
	char *registry_glob;
	struct patterns unwraps; /* group 1 is what an agent's shell really runs */
};

struct ruleset {
	struct rule **rules; /* by priority, then in the order of the files */
	size_t n;
	struct marker_group *groups;
	size_t n_groups;
};

/* An empty rule of that name; rule_free() takes NULL. */
struct rule *rule_new(const char *name);
void rule_free(struct rule *rule);

/* Sets a key as a rule file has it. Returns 0, or -EINVAL with a sentence in `error`. */
int rule_set(struct rule *rule, const char *name, const char *value, struct text *error);

/* The rule of that name, or NULL. */
const struct rule *rules_find(const struct ruleset *rules, const char *name);

#endif

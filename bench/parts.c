/*
 * What a sample costs, part by part, against the least that the kernel can be asked:
 *
 *     parts [--collector NAME] [--samples N] [--delay SECONDS] [--owner ID --procs N]
 *
 * Writes lines "name value". The floor is getdents of /proc and open, read and close of every
 * /proc/N/stat; for the BPF collector it is one read of its iterator to the end. With an owner it
 * tells when, counted from exec, that owner had so many processes for the first time, and how long
 * the plan of ending all of it takes.
 */
#include <config.h>
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "clade_bpf.skel.h"
#endif

#include "clade/collector.h"
#include "clade/moment.h"
#include "clade/plan.h"
#include "clade/rows.h"
#include "clade/source.h"
#include "clade/users.h"

enum { FLOORS = 3, SAMPLES_MAX = 256 };

struct costs {
	double sample_ms, attribute_ms, model_ms, rows_ms, slice_ms;
};

static double now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n > 0 ? values[n / 2] : 0;
}

/* The least: every stat of /proc, once. */
static double floor_ms(size_t *procs)
{
	double start = now_ms(CLOCK_MONOTONIC);
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	char path[300];
	char bytes[4096];

	*procs = 0;
	while (dir && (entry = readdir(dir))) {
		int fd;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		*procs += read(fd, bytes, sizeof(bytes)) > 0;
		close(fd);
	}
	if (dir)
		closedir(dir);
	return now_ms(CLOCK_MONOTONIC) - start;
}

static void print_floor(void)
{
	double floors[FLOORS];
	size_t procs;

	for (size_t i = 0; i < FLOORS; i++)
		floors[i] = floor_ms(&procs);
	printf("floor_procs %zu\nfloor_ms %.2f\n", procs, median(floors, FLOORS));
}

#ifdef HAVE_BPF
static double iterator_ms(int link)
{
	static char bytes[64 << 10];
	double start = now_ms(CLOCK_MONOTONIC);
	int fd = bpf_iter_create(link);

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	return now_ms(CLOCK_MONOTONIC) - start;
}

static void print_iterator_floor(void)
{
	struct clade_bpf *program = clade_bpf__open_and_load();
	struct bpf_link *link =
		program ? bpf_program__attach_iter(program->progs.write_task, NULL) : NULL;
	double floors[FLOORS];

	for (size_t i = 0; link && i < FLOORS; i++)
		floors[i] = iterator_ms(bpf_link__fd(link));
	if (link)
		printf("iterator_ms %.2f\n", median(floors, FLOORS));
	bpf_link__destroy(link);
	clade_bpf__destroy(program);
}
#else
static void print_iterator_floor(void)
{
}
#endif

static uint32_t owned(const struct moment *moment, const char *owner)
{
	int32_t at = attribution_find(moment->attr, owner);

	return at != NO_OWNER ? moment->model->groups[at].own.procs : 0;
}

struct bench {
	struct source *source;
	struct attributor *attributor;
	struct history *history;
	struct rows rows;
};

/* Keeps the longest step; `before` is when it began. Returns what the step did. */
static int timed(struct costs *costs, double before, int more)
{
	double took = now_ms(CLOCK_MONOTONIC) - before;

	if (took > costs->slice_ms)
		costs->slice_ms = took;
	return more;
}

static struct snapshot *take(struct bench *bench, const struct snapshot *previous,
			     struct costs *costs)
{
	double start = now_ms(CLOCK_MONOTONIC);
	struct snapshot *snap = NULL;
	double before;
	int more = source_begin(bench->source, previous) == 0 ? 1 : -1;

	while (more > 0) {
		before = now_ms(CLOCK_MONOTONIC);
		more = timed(costs, before, source_step(bench->source));
	}
	if (more < 0 || source_seal(bench->source, &snap) != 0)
		exit(1);
	costs->sample_ms = now_ms(CLOCK_MONOTONIC) - start;
	return snap;
}

static void measure(struct bench *bench, struct moment *moment, struct costs *costs)
{
	struct view view = {
		.mode = VIEW_OWNERS, .uid = UINT32_MAX, .sort = COLUMN_HEAT, .open_to = OPEN_ALL};
	struct moment next = {.snap = take(bench, moment->snap, costs)};
	double start = now_ms(CLOCK_MONOTONIC);
	struct model_maker *maker;
	struct pass *pass;
	double before;

	if (attributor_begin(bench->attributor, next.snap, &pass) != 0)
		exit(1);
	do {
		before = now_ms(CLOCK_MONOTONIC);
	} while (timed(costs, before, attributor_step(pass)) > 0);
	next.attr = attributor_end(pass);
	costs->attribute_ms = now_ms(CLOCK_MONOTONIC) - start;
	start = now_ms(CLOCK_MONOTONIC);
	if (model_begin(bench->history, next.snap, next.attr, &maker) != 0)
		exit(1);
	do {
		before = now_ms(CLOCK_MONOTONIC);
	} while (timed(costs, before, model_step(maker)) > 0);
	next.model = model_end(maker);
	costs->model_ms = now_ms(CLOCK_MONOTONIC) - start;
	start = now_ms(CLOCK_MONOTONIC);
	rows_make(&bench->rows, next.model, &view);
	costs->rows_ms = now_ms(CLOCK_MONOTONIC) - start;
	moment_done(moment);
	*moment = next;
}

static void print_plan(const struct moment *moment, const char *owner)
{
	struct plan_target target;
	struct plan_request request = {
		.targets = &target, .n_targets = 1, .signal = SIGTERM, .is_mighty = true};
	struct text word = {0};
	struct text error = {0};
	struct plan *plan;
	double start;

	text_printf(&word, "owner:%s", owner);
	if (plan_find_target(moment->model, text_str(&word), &target, &error) == 0) {
		start = now_ms(CLOCK_MONOTONIC);
		if (plan_make(moment->model, &request, &plan) != 0)
			exit(1);
		printf("planned %zu\nplan_ms %.2f\n", plan->n_steps,
		       now_ms(CLOCK_MONOTONIC) - start);
		plan_free(plan);
	}
	text_done(&word);
	text_done(&error);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"collector", required_argument, NULL, 'c'},
						{"samples", required_argument, NULL, 's'},
						{"delay", required_argument, NULL, 'd'},
						{"owner", required_argument, NULL, 'o'},
						{"procs", required_argument, NULL, 'p'},
						{0}};
	double began = now_ms(CLOCK_MONOTONIC);
	struct ruleset *rules = rules_new();
	struct users *users = users_new("/etc/passwd");
	struct attributor_config attributor = {.rules = rules, .users = users, .use_files = true};
	struct source_config config = {0};
	struct bench bench = {.history = history_new(NULL)};
	struct moment moment = {0};
	struct costs all[SAMPLES_MAX] = {0};
	double values[SAMPLES_MAX];
	const char *owner = NULL;
	const char *collector = "procps";
	struct text why = {0};
	double delay_s = 1;
	uint32_t procs = 0;
	size_t n = 6;
	bool is_right = false;
	struct rusage usage;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			collector = optarg;
		else if (option == 's')
			n = strtoul(optarg, NULL, 10);
		else if (option == 'd')
			delay_s = strtod(optarg, NULL);
		else if (option == 'o')
			owner = optarg;
		else if (option == 'p')
			procs = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	n = n < 2 ? 2 : n > SAMPLES_MAX ? SAMPLES_MAX : n;
	config.markers = rules_markers(rules, &config.n_markers);
	config.wants_events = true;
	if (collector_open(collector, &config, &bench.source, &why) != 0) {
		fprintf(stderr, "parts: %s\n", text_str(&why));
		return 1;
	}
	text_done(&why);
	bench.attributor = attributor_new(&attributor);
	rows_init(&bench.rows);
	for (size_t i = 0; i < n; i++) {
		measure(&bench, &moment, &all[i]);
		if (owner && !is_right && owned(&moment, owner) >= procs) {
			printf("owners_right_ms %.0f\n", now_ms(CLOCK_MONOTONIC) - began);
			is_right = true;
		}
		usleep((useconds_t)(delay_s * 1e6));
	}
	if (owner && !is_right)
		printf("owners_right_ms -\nowned %u\n", owned(&moment, owner));
	getrusage(RUSAGE_SELF, &usage);
	printf("procs %zu\nfirst_ms %.2f\n", moment.snap->n_procs, all[0].sample_ms);
	printf("first_attribute_ms %.2f\nfirst_model_ms %.2f\n", all[0].attribute_ms,
	       all[0].model_ms);
#define PRINT(field)                                                                               \
	do {                                                                                       \
		for (size_t i = 1; i < n; i++)                                                     \
			values[i - 1] = all[i].field;                                              \
		printf(#field " %.2f\n", median(values, n - 1));                                   \
	} while (0)
	PRINT(sample_ms);
	PRINT(slice_ms);
	PRINT(attribute_ms);
	PRINT(model_ms);
	PRINT(rows_ms);
	printf("rows %zu\npeak_kb %ld\n", bench.rows.n, usage.ru_maxrss);
	if (owner)
		print_plan(&moment, owner);
	print_floor();
	if (strcmp(collector, "bpf") == 0)
		print_iterator_floor();
	moment_done(&moment);
	rows_done(&bench.rows);
	history_free(bench.history);
	attributor_free(bench.attributor);
	source_close(bench.source);
	users_free(users);
	rules_free(rules);
	text_done(&why);
	return 0;
}

/* Every built-in rule, with a process that it must find. */
#include "attribute/rules.h"
#include "cast.h"
#include "lab.h"
#include "suite.h"

#define NODE "/usr/bin/node node "
#define PYTHON "/usr/bin/python3.11 python3 "

/* A process and the product that it must belong to: by its root, by a mark, by its cgroup. */
static const struct {
	const char *process;
	const char *product;
} known[] = {
	{GOD, "pm2"},
	{NODE "/usr/lib/node_modules/pm2/bin/pm2 start x.js --no-daemon", "pm2"},
	{NODE "/usr/bin/pm2-runtime start x.js", "pm2"},
	{"/usr/bin/node \"PM2 v7.0.4: Go\" ; \"comm:PM2 v7.0.4: God\"", "pm2"},
	{"/usr/bin/node my-daemon ; PM2_USAGE=CLI SILENT=true PM2_HOME=/x", "pm2"},
	{"/bin/sh sh ; " APP(0, "api"), "pm2"},
	{CLAUDE " claude --resume", "claude-code"},
	{"/root/.local/share/claude/versions/2.1.330 claude", "claude-code"},
	{"/x/claude-code/bin/claude.exe claude", "claude-code"},
	{"/usr/bin/node claude", "claude-code"},
	{NODE "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "claude-code"},
	{"/bin/sh sh ; CLAUDE_CODE_CHILD_SESSION=1", "claude-code"},
	{NODE "/usr/lib/node_modules/@openai/codex/bin/codex.js", "codex"},
	{NODE "/usr/local/bin/codex exec ls", "codex"},
	{NODE "/x/node_modules/.bin/codex", "codex"},
	{"/x/vendor/x86_64-unknown-linux-musl/bin/codex codex exec ls", "codex"},
	{"/bin/sh sh ; CODEX_CI=1", "codex"},
	{NODE "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js", "gemini"},
	{NODE "--max-old-space-size=512 /x/node_modules/.bin/gemini", "gemini"},
	{"/bin/sh sh ; GEMINI_CLI=1", "gemini"},
	{NODE "/usr/lib/node_modules/@qwen-code/qwen-code/cli.js", "qwen"},
	{NODE "/x/node_modules/.bin/qwen", "qwen"},
	{"/bin/sh sh ; QWEN_CODE=1", "qwen"},
	{"/x/bin/kilo kilo", "kilo"},
	{"/bin/sh sh ; OPENCODE=1 KILO=1 KILOCODE_FEATURE=cli", "kilo"},
	{"/x/opencode-linux-x64/bin/opencode opencode", "opencode"},
	{"/bin/sh sh ; OPENCODE=1 AGENT=1", "opencode"},
	{"/x/copilot-linux-x64/copilot copilot ; comm:MainThread", "copilot"},
	{NODE "/x/node_modules/.bin/copilot -p x", "copilot"},
	{"/bin/sh sh ; COPILOT_CLI=1", "copilot"},
	{"/root/.amp/bin/amp amp", "amp"},
	{"/bin/sh sh ; AGENT=amp CLAUDECODE=1 AMP_CURRENT_THREAD_ID=T-1", "amp"},
	{"/x/cursor-agent cursor-agent", "cursor"},
	{NODE "/root/.local/share/cursor-agent/versions/1/index.js", "cursor"},
	{"/bin/sh sh ; CURSOR_AGENT=1", "cursor"},
	{"/bin/sh sh ; CURSOR_EXTENSION_HOST_ROLE=agent-exec", "cursor"},
	{"/usr/bin/goose goose session", "goose"},
	{"/bin/sh sh ; AGENT=goose AGENT_SESSION_ID=20261124_1", "goose"},
	{"/usr/bin/crush crush", "crush"},
	{"/bin/sh sh ; CRUSH=1", "crush"},
	{NODE "/usr/lib/node_modules/@augmentcode/auggie/augment.mjs", "auggie"},
	{"/bin/sh sh ; AUGMENT_AGENT=1", "auggie"},
	{PYTHON "/usr/local/bin/aider", "aider"},
	{PYTHON "-m aider", "aider"},
	{"/x/@cline/cli-linux-x64/bin/cline cline", "cline"},
	{"/bin/sh sh ; CLINE_ACTIVE=1", "cline"},
	{NODE "/usr/lib/node_modules/@continuedev/cli/dist/cn.js", "continue"},
	{"/usr/bin/node pi", "pi"},
	{NODE "/x/node_modules/.bin/pi -p x", "pi"},
	{"/bin/sh sh ; PI_CODING_AGENT=true", "pi"},
	{"/x/cli-linux-x64/bin/droid droid", "droid"},
	{"/bin/sh sh ; NODE_EXTRA_CA_CERTS=/root/.factory/cache/certs/x.pem", "droid"},
	{"/bin/sh sh ; ROO_ACTIVE=1", "roo"},
	{PYTHON "/usr/local/bin/openhands", "openhands"},
	{"/bin/sh sh ; WINDSURF_CASCADE_TERMINAL=1", "windsurf"},
	{"/bin/sh sh ; ANTIGRAVITY_AGENT=1", "antigravity"},
	{"/bin/sh sh ; TRAE_AI_SHELL_ID=1", "trae"},
	{"/bin/sh sh ; IFLOW_CLI=1", "iflow"},
	{"/bin/sh sh ; JUNIE_DATA=/x", "junie"},
	{"/bin/sh sh ; GROK_AGENT=1", "grok"},
	{"/bin/sh sh ; AWS_EXECUTION_ENV=AmazonQ-For-CLI-1.2", "amazon-q"},
	{"/bin/sh sh ; AI_AGENT=acme@1.2", "generic"},
	{"/bin/sh sh ; AGENT=acme", "generic"},
	{"/bin/a a ; cgroup:/kubepods/pod0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e", "kubernetes"},
	{"/bin/a a ; cgroup:/system.slice/docker-" ID1 ".scope", "docker"},
	{"/bin/a a ; cgroup:/libpod_parent/libpod-" ID1, "podman"},
	{"/bin/a a ; cgroup:/system.slice/nerdctl-" ID1 ".scope", "containerd"},
	{"/bin/a a ; cgroup:/x.slice:cri-containerd:" ID1, "containerd"},
	{"/bin/a a ; cgroup:/machine.slice/crio-" ID1 ".scope/container", "crio"},
	{"/bin/a a ; cgroup:/kubepods/besteffort/" ID1, "kubepods"},
	{"/bin/a a ; cgroup:/ecs/cluster/task/" ID1, "ecs"},
	{"/bin/a a ; cgroup:/buildkit/abc123", "buildkit"},
	{"/bin/a a ; cgroup:/garden/0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e", "garden"},
	{"/bin/a a ; cgroup:/lxc/web1", "lxc"},
	{"/bin/a a ; cgroup:/machine.slice/systemd-nspawn@deb.service/payload", "nspawn"},
	{"/bin/a a ; cgroup:/app.slice/app-flatpak-org.gnome.Maps-77.scope", "flatpak"},
	{"/bin/a a ; ns:9.1 foreign", "namespace"},
	{"/bin/a a ; cgroup:/system.slice/a.service", "systemd"},
	{"/sbin/a a ; cgroup:/init.scope", "init"},
	{"/bin/a a ; cgroup:/user.slice/user-0.slice/session-7.scope", "logind"},
	{"/usr/sbin/cron /usr/sbin/cron -f", "cron"},
	{"/usr/bin/tmux tmux new ; \"comm:tmux: server\"", "tmux"},
	{"/usr/bin/screen \"SCREEN -dmS work\"", "screen"},
	{"/usr/bin/zellij zellij --server /run/x", "zellij"},
	{"/usr/sbin/sshd \"sshd: ann@pts/3\" ; comm:sshd", "ssh"},
	{"/usr/lib/openssh/sshd-session \"sshd-session: ann [priv]\" ; comm:sshd-session", "ssh"},
	{"/bin/login \"/bin/login -p --\"", "console"},
};

static void every_built_in_rule_finds_its_own(void **state)
{
	struct text table = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct lab *lab = lab_new(NULL);
		const struct owner *owner;

		text_clear(&table);
		text_printf(&table, "1 0 /sbin/init init\n100 1 %s\n", known[i].process);
		lab_sample(lab, 0, text_str(&table));
		owner = &lab->attr->owners[lab->attr->procs[snapshot_find_pid(lab->snap, 100)].owner];
		if (strcmp(owner->product, known[i].product) != 0)
			fail_msg("'%s' is of %s", known[i].process, owner->product);
		lab_free(lab);
	}
	text_done(&table);
}

static void every_built_in_rule_is_tried(void **state)
{
	struct ruleset *rules = rules_new();

	(void)state;
	for (size_t r = 0; r < rules->n; r++) {
		bool is_tried = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_tried = is_tried || strcmp(known[i].product, rules->rules[r]->name) == 0;
		if (!is_tried)
			fail_msg("no process above is of [%s]", rules->rules[r]->name);
	}
	rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_rule_finds_its_own),
		cmocka_unit_test(every_built_in_rule_is_tried),
	};

	return cmocka_run_group_tests_name("builtin", tests, NULL, NULL);
}

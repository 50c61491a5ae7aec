/* What --redact masks, and what it leaves. */
#include <stdlib.h>
#include <time.h>

#include "cast.h"
#include "clade/export.h"
#include "clade/redact.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const struct redact_rules rules = {0};

static void expect_text(const char *text, const char *masked)
{
	struct text out = {0};

	redact_add(&out, text, strlen(text), &rules);
	assert_string_equal(text_str(&out), masked);
	text_done(&out);
}

/* Arguments are written with | between two. */
static void expect_argv(const char *line, const char *masked)
{
	struct text argv = {0};
	struct text out = {0};

	text_add(&argv, line);
	text_add_char(&argv, '|');
	for (size_t i = 0; i < argv.len; i++)
		argv.data[i] = argv.data[i] == '|' ? '\0' : argv.data[i];
	redact_add_argv(&out, argv.data, argv.len, &rules);
	assert_int_equal(out.data[out.len - 1], '\0');
	for (size_t i = 0; i + 1 < out.len; i++)
		out.data[i] = out.data[i] == '\0' ? '|' : out.data[i];
	assert_string_equal(text_str(&out), masked);
	text_done(&argv);
	text_done(&out);
}

static void values_of_options_that_are_called_secret_are_masked(void **state)
{
	(void)state;
	expect_argv("app|--password=hunter2|--port=80", "app|--password=***|--port=80");
	expect_argv("app|--password|hunter2|x", "app|--password|***|x");
	expect_argv("app|--password=two words; and more", "app|--password=***");
	expect_argv("app|--api-key|k|--apiKey=k|--db.secretKey=k", "app|--api-key|***|--apiKey=***|--db.secretKey=***");
	expect_argv("java|-Dspring.datasource.password=x|Main", "java|-Dspring.datasource.password=***|Main");
	expect_argv("env|PGPASSWORD=a b;c|psql", "env|PGPASSWORD=***|psql");
	expect_argv("app|--client_secret=x|--accessToken=y|--token2=z", "app|--client_secret=***|--accessToken=***|--token2=***");
	expect_argv("app|--password|--verbose", "app|--password|--verbose");
}

static void what_only_sounds_like_one_is_left(void **state)
{
	(void)state;
	expect_argv("app|--password-file=/run/p|--max-tokens=4096|--token-type|bearer", "app|--password-file=/run/p|--max-tokens=4096|--token-type|bearer");
	expect_argv("ssh|-i|/root/.ssh/id_ed25519|git@github.com", "ssh|-i|/root/.ssh/id_ed25519|git@github.com");
	expect_argv("app|--token=$TOKEN|--no-auth|--auth=yes", "app|--token=$TOKEN|--no-auth|--auth=yes");
	expect_argv("sh|-c|cd $PWD; PWD=/srv OLDPWD=/x make", "sh|-c|cd $PWD; PWD=/srv OLDPWD=/x make");
	expect_argv("make|-j8|all|CFLAGS=-O2 -g", "make|-j8|all|CFLAGS=-O2 -g");
	expect_argv("/usr/lib/x86_64-linux-gnu/libexec/polkit-agent-helper-1|--compass=bypass", "/usr/lib/x86_64-linux-gnu/libexec/polkit-agent-helper-1|--compass=bypass");
	expect_argv("docker|run|-p|8080:80|nginx", "docker|run|-p|8080:80|nginx");
	expect_argv("[kworker/u8:2-events_unbound]", "[kworker/u8:2-events_unbound]");
	expect_argv("/usr/bin/chrome|--field-trial-handle=3,i,1277273182|--lang=en-US", "/usr/bin/chrome|--field-trial-handle=3,i,1277273182|--lang=en-US");
}

static void credentials_in_addresses_are_masked(void **state)
{
	(void)state;
	expect_argv("psql|postgresql://app:hunter2@db:5432/x", "psql|postgresql://app:***@db:5432/x");
	expect_text("git clone https://ghp_0123456789abcdefghijklmnopqrstuvwxyz@github.com/a/b", "git clone https://***@github.com/a/b");
	expect_text("git clone ssh://git@github.com/a/b", "git clone ssh://git@github.com/a/b");
	expect_text("redis://:pa:ss@h/0", "redis://:***@h/0");
	expect_text("curl 'https://x/?a=1&token=abc&b=2#c'", "curl 'https://x/?a=1&token=***&b=2#c'");
	expect_text("rsync root:secret@10.0.0.1", "rsync root:***@10.0.0.1");
	expect_text("http://user@host/ and a@b.c", "http://user@host/ and a@b.c");
}

static void headers_that_authorise_are_masked(void **state)
{
	(void)state;
	expect_argv("curl|-H|Authorization: Bearer abc def|x", "curl|-H|Authorization: ***|x");
	expect_argv("bash|-c|curl -H 'Authorization: Basic dXNlcg==' -H \"X-Api-Key: k\" http://x",
		    "bash|-c|curl -H 'Authorization: ***' -H \"X-Api-Key: ***\" http://x");
	expect_text("Cookie: a=b; c=d\nHost: x", "Cookie: ***\nHost: x");
	expect_text("bearer abcdef", "bearer ***");
	expect_text("{\"password\": \"a b\", \"user\":\"c\", \"apiKey\":\"d\"}", "{\"password\": \"***\", \"user\":\"c\", \"apiKey\":\"***\"}");
}

static void commands_within_an_argument_are_read_too(void **state)
{
	(void)state;
	expect_argv("bash|-c|API_KEY=abc ./run --password 'x y' --port 80", "bash|-c|API_KEY=*** ./run --password '***' --port 80");
	expect_argv("sh|-lc|mysql -uroot -phunter2 db < a.sql", "sh|-lc|mysql -uroot -p*** db < a.sql");
	expect_text("export SECRET=abc; ls", "export SECRET=***; ls");
}

static void short_options_of_known_programs_are_masked(void **state)
{
	(void)state;
	expect_argv("mysql|-u|root|-phunter!2|-h|db", "mysql|-u|root|-p***|-h|db");
	expect_argv("/usr/bin/mysqldump|-p|db", "/usr/bin/mysqldump|-p|db");
	expect_argv("sudo|curl|-u|me:hunter2|http://x", "sudo|curl|-u|me:***|http://x");
	expect_argv("curl|--user=me:hunter2|-ume:h|https://x?a&b|-u|me:again", "curl|--user=me:***|-ume:***|https://x?a&b|-u|me:***");
	expect_argv("sshpass|-p|hunter2|ssh|-p|22|h", "sshpass|-p|***|ssh|-p|***|h");
	expect_argv("redis-cli|-a|x|ping", "redis-cli|-a|***|ping");
	expect_argv("curl|-fsSu|me:hunter2|http://x|-o|user", "curl|-fsSu|me:***|http://x|-o|user");
	expect_argv("curl|-b|sid=hunter2|http://x", "curl|-b|***|http://x");
	expect_argv("docker|login|-u|me|-p|hunter2", "docker|login|-u|me|-p|***");
	expect_argv("docker|run|-p|8080:80|nginx", "docker|run|-p|8080:80|nginx");
	expect_argv("az|login|--service-principal|-u|id|-p|hunter2", "az|login|--service-principal|-u|id|-p|***");
	expect_argv("login|-p|--|root", "login|-p|--|root");
	expect_argv("mosquitto_pub|-u|me|-P|hunter2|-t|a", "mosquitto_pub|-u|me|-P|***|-t|a");
	expect_argv("ipmitool|-U|me|-P|hunter2|power|on", "ipmitool|-U|me|-P|***|power|on");
	expect_argv("xfreerdp|/u:me|/p:hunter2", "xfreerdp|/u:me|/p:***");
}

static void tokens_of_known_services_are_masked_anywhere(void **state)
{
	(void)state;
	expect_text("x AKIAIOSFODNN7EXAMPLE y", "x *** y");
	expect_text("glpat-0123456789abcdefghij", "***");
	expect_text("echo eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def-ghi end", "echo *** end");
	expect_text("sk-ant-api03-abcdefghijklmnop", "***");
	expect_text("xoxb-1234567890-abcdefghij", "***");
	expect_text("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nx", "***\nx");
	expect_text("sk-short ghost gh_x eyJustAWordThatIsLong", "sk-short ghost gh_x eyJustAWordThatIsLong");
}

static void long_random_strings_are_masked(void **state)
{
	(void)state;
	expect_text("run 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 x", "run *** x");
	expect_text("f47ac10b-58cc-4372-a567-0e02b2c3d479", "***");
	expect_text("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "***");
	expect_text("k=Zx81kPq02LmN7vRt4WyB", "k=***");
	expect_text("img@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		    "img@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	expect_text("/nix/store/0c5b8w3xk9v2m1q4z7y6r8t5a3d2f1g0-bash/bin/bash", "/nix/store/0c5b8w3xk9v2m1q4z7y6r8t5a3d2f1g0-bash/bin/bash");
	expect_text("chrome_crashpad_handler --annotation=linux-6.1.0-28-amd64 20251125T184200Z", "chrome_crashpad_handler --annotation=linux-6.1.0-28-amd64 20251125T184200Z");
	expect_text("src/main/java/com/example/Shop2/CamelCaseHandlerFactory/RequestMapper", "src/main/java/com/example/Shop2/CamelCaseHandlerFactory/RequestMapper");
	expect_text("src/x86_64/linux/v5/asm2/foo3/bar/baz/and/so/on/and/on", "src/x86_64/linux/v5/asm2/foo3/bar/baz/and/so/on/and/on");
}

/* Two million bytes that make a bad search look at each byte again and again. */
static void hostile_arguments_take_no_time(void **state)
{
	static const char *const pieces[] = {"a.", "a-", "/", "eyJ-", "://", "a:", "password", "'", "-p ", "Bearer ", "a1/", "=", "\""};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct text in = {0};
		struct text out = {0};
		clock_t start = clock();

		while (in.len < (2 << 20))
			text_add(&in, pieces[i]);
		redact_add_argv(&out, in.data, in.len + 1, &rules);
		assert_true(out.len > 0);
		if ((double)(clock() - start) / CLOCKS_PER_SEC > 4)
			fail_msg("'%s' again and again takes %.1f s", pieces[i], (double)(clock() - start) / CLOCKS_PER_SEC);
		text_done(&in);
		text_done(&out);
	}
}

/* ---- In all formats ---- */

#define HEX_ID "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b"

static const char machine[] = " 1  0 /sbin/init init\n"
			      "10  1 " CLAUDE " claude ; cwd:/srv/api uid:1000\n"
			      "11 10 /bin/bash bash -c \"curl -u me:Sesame1 https://me:Sesame2@h --token Sesame3 && API_KEY=Sesame4 x\" ; " TOOL(10, S1) "\n"
			      "12 11 /usr/bin/curl curl --password Sesame5 --secret=Sesame6 ; " TOOL(10, S1) "\n"
			      "19  1 /usr/bin/containerd-shim-runc-v2 containerd-shim-runc-v2 -id " HEX_ID " ;\n"
			      "20 19 /bin/app app --sesame-token Sesame7 ; cgroup:/docker/" HEX_ID " ns:1.1\n";

static void no_format_holds_a_secret(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	for (const struct export_format *format = formats; format->name; format++) {
		struct text out = {0};

		assert_int_equal(export_write(format, lab->model, &(struct export_config){.width = 400}, take_bytes, &out), 0);
		if (strcmp(format->name, "openmetrics") != 0)
			assert_contains(text_str(&out), "Sesame");
		text_clear(&out);
		assert_int_equal(export_write(format, lab->model, &(struct export_config){.width = 400, .is_redacted = true}, take_bytes, &out), 0);
		if (strstr(text_str(&out), "Sesame"))
			fail_msg("%s: %.40s", format->name, strstr(text_str(&out), "Sesame"));
		if (strcmp(format->name, "openmetrics") != 0)
			assert_contains(text_str(&out), "***");
		/* who they belong to is still said */
		assert_contains(text_str(&out), "api");
		text_done(&out);
	}
	lab_free(lab);
}

static void ids_of_owners_are_left(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct redacted *redacted;
	const struct model *model;

	(void)state;
	lab_sample(lab, 0, machine);
	redacted = redacted_new(lab->model);
	model = redacted_model(redacted);
	assert_string_equal(facts_arg(model->snap->procs[4].facts, 2), HEX_ID);
	assert_string_equal(facts_marker(model->snap->procs[2].facts, "CLAUDE_CODE_SESSION_ID"), S1);
	assert_int_equal(attribution_find(model->attr, "claude-code:" S1), attribution_find(lab->attr, "claude-code:" S1));
	assert_true(model->attr->procs[2].owner == lab->attr->procs[2].owner);
	redacted_free(redacted);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_options_that_are_called_secret_are_masked),
		cmocka_unit_test(what_only_sounds_like_one_is_left),
		cmocka_unit_test(credentials_in_addresses_are_masked),
		cmocka_unit_test(headers_that_authorise_are_masked),
		cmocka_unit_test(commands_within_an_argument_are_read_too),
		cmocka_unit_test(short_options_of_known_programs_are_masked),
		cmocka_unit_test(tokens_of_known_services_are_masked_anywhere),
		cmocka_unit_test(long_random_strings_are_masked),
		cmocka_unit_test(hostile_arguments_take_no_time),
		cmocka_unit_test(no_format_holds_a_secret),
		cmocka_unit_test(ids_of_owners_are_left),
	};

	safe_setup();
	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}

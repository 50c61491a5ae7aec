/* Containers as owners, of whatever engine. */
#include "cast.h"
#include "lab.h"
#include "suite.h"

static void a_container_is_told_by_its_cgroup(void **state)
{
	(void)state;
	expect_owners(" 1 0 /sbin/init init ; cgroup:/init.scope\n"
		      "10 1 /usr/bin/containerd-shim-runc-v2 shim -id " ID1 " ; cgroup:/system.slice/containerd.service\n"
		      "11 10 /bin/app app ; cgroup:/system.slice/docker-" ID1 ".scope ns:1.1\n"
		      "12 11 /bin/sh sh   ; cgroup:/system.slice/docker-" ID1 ".scope ns:1.7\n"
		      "13 1 /bin/app app  ; cgroup:4:memory:/docker/" ID2 " cgroup:0::/ ns:2.1\n"
		      "14 1 /bin/app app  ; cgroup:/machine.slice/libpod-" ID1 ".scope/container ns:3.1\n"
		      "15 1 /usr/bin/conmon conmon ; cgroup:/machine.slice/libpod-conmon-" ID1 ".scope\n",
		      "1 init:init.scope\n"
		      "10 systemd:containerd.service\n"
		      "11 docker:" ID1 "\n"
		      "12 docker:" ID1 "\n"
		      "13 docker:" ID2 "\n"
		      "14 podman:" ID1 "\n"
		      "15 none:none\n");
}

static void pods_hold_their_containers(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/app app ; cgroup:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
		   "pod0a0a0a0a_1b1b_2c2c_3d3d_4e4e4e4e4e4e.slice/cri-containerd-" ID1 ".scope ns:1.1\n"
		   "12 1 /bin/app app ; cgroup:/kubepods/burstable/pod0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e/" ID2 " ns:2.1\n"
		   "13 1 /bin/app app ; cgroup:/kubepods.slice/kubepods-"
		   "pod0a0a0a0a_1b1b_2c2c_3d3d_4e4e4e4e4e4e.slice/crio-" ID2 ".scope/container ns:3.1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "11 containerd:" ID1 "\n"
					     "12 kubepods:" ID2 "\n"
					     "13 crio:" ID2 "\n");
	for (int pid = 11; pid <= 13; pid++) {
		const struct owner *owner = &lab->attr->owners[lab->attr->procs[snapshot_find_pid(lab->snap, pid)].owner];

		assert_string_equal(lab->attr->owners[owner->parent].id,
				    "kubernetes:0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e");
	}
	lab_free(lab);
}

static void a_container_in_a_container_has_both(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "11 1 /bin/dockerd dockerd ; cgroup:/docker/" ID1 " ns:1.1\n"
		   "12 11 /bin/app app ; cgroup:/docker/" ID1 "/docker/" ID2 " ns:2.1\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n11 docker:" ID1 "\n12 docker:" ID2 "\n");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "docker:" ID2)->parent].id, "docker:" ID1);
	lab_free(lab);
}

static void lxc_nspawn_and_unnamed_containers(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /sbin/init init ; cgroup:/lxc.payload.web1/init.scope ns:1.1\n"
		      "11 1 /usr/bin/lxc-start [lxc ; cgroup:/lxc.monitor.web1\n"
		      "12 1 /sbin/init init ; cgroup:/machine.slice/machine-deb\\x2d12.scope/payload ns:2.1\n"
		      "13 1 /bin/app app    ; cgroup:/lab/box ns:3.1 foreign\n"
		      "14 13 /bin/sh sh     ; cgroup:/lab/box ns:3.9 foreign\n",
		      "1 none:none\n"
		      "10 lxc:web1\n"
		      "11 none:none\n"
		      "12 nspawn:deb-12\n"
		      "13 namespace:3\n"
		      "14 namespace:3\n");
}

static void a_pid_namespace_alone_is_a_sandbox(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /opt/chrome chrome ; ns:7.1\n",
		      "1 none:none\n"
		      "10 none:none\n");
}

static void an_agent_in_a_container_is_inside_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /bin/sh sh     ; cgroup:/docker/" ID1 " ns:1.1\n"
		   "11 10 " CLAUDE " claude ; cgroup:/docker/" ID1 " ns:1.7\n"
		   "12 10 /bin/sh sh    ; cgroup:/docker/" ID1 " ns:1.8 sid:12 " TOOL(7, S1) "\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 docker:" ID1 "\n"
					     "11 claude-code:" S1 "\n"
					     "12 claude-code:" S1 " orphan\n");
	assert_string_equal(lab->attr->owners[lab_owner(lab, "claude-code:" S1)->parent].id, "docker:" ID1);
	lab_free(lab);
}

static void a_container_that_an_agent_started_is_not_the_agents(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "5 1 " CLAUDE " claude\n"
		      "6 5 /usr/bin/docker docker run ; " TOOL(5, S1) "\n"
		      "10 6 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1\n",
		      "1 none:none\n"
		      "5 claude-code:" S1 "\n"
		      "6 claude-code:" S1 "\n"
		      "10 docker:" ID1 "\n");
}

static void a_container_without_a_telling_cgroup_is_told_by_its_shim(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/bin/containerd-shim-runc-v2 shim -namespace lab -id ctrbox -address /run/x\n"
		      "11 10 /bin/app app ; cgroup:/lab/ctrbox ns:8.1 foreign\n"
		      "12 11 /bin/sh sh   ; cgroup:/lab/ctrbox ns:8.7 foreign\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "11 containerd:ctrbox\n"
		      "12 containerd:ctrbox\n");
}

static void a_rootless_container_is_told_by_its_monitor(void **state)
{
	(void)state;
	expect_owners("1 0 /sbin/init init\n"
		      "10 1 /usr/bin/conmon conmon --api-version 1 -c " ID1 " -u " ID1 " -b /x ; uid:1000 cgroup:/user.slice\n"
		      "11 10 /bin/app app ; uid:1000 cgroup:/user.slice ns:8.1 foreign\n"
		      "12 11 /bin/sh sh   ; uid:1000 cgroup:/user.slice ns:8.7 foreign\n",
		      "1 none:none\n"
		      "10 none:none\n"
		      "11 podman:" ID1 "\n"
		      "12 podman:" ID1 "\n");
}

static void a_machine_without_systemd_is_named_by_what_runs_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /sbin/init init\n"
		   "10 1 /usr/bin/systemd-nspawn systemd-nspawn --keep-unit -D /srv/deb -M box ; cgroup:/supervisor\n"
		   "11 10 /bin/sh sh ; cgroup:/payload ns:8.1 foreign\n"
		   "20 1 /usr/bin/systemd-nspawn systemd-nspawn --directory=/srv/deb ; cgroup:/supervisor\n"
		   "21 20 /bin/sh sh ; cgroup:/payload ns:9.1 foreign\n");
	assert_string_equal(lab_owners(lab), "1 none:none\n"
					     "10 none:none\n"
					     "11 nspawn:box\n"
					     "20 none:none\n"
					     "21 nspawn:/srv/deb\n");
	assert_string_equal(lab_owner(lab, "nspawn:/srv/deb")->name, "deb");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_is_told_by_its_cgroup),
		cmocka_unit_test(pods_hold_their_containers),
		cmocka_unit_test(a_container_in_a_container_has_both),
		cmocka_unit_test(lxc_nspawn_and_unnamed_containers),
		cmocka_unit_test(a_pid_namespace_alone_is_a_sandbox),
		cmocka_unit_test(an_agent_in_a_container_is_inside_it),
		cmocka_unit_test(a_container_that_an_agent_started_is_not_the_agents),
		cmocka_unit_test(a_container_without_a_telling_cgroup_is_told_by_its_shim),
		cmocka_unit_test(a_rootless_container_is_told_by_its_monitor),
		cmocka_unit_test(a_machine_without_systemd_is_named_by_what_runs_it),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}

/* What keys run: one function each, in a row of ui_commands[] (keys.c). They act on the shown model
 * and the state of the UI, and open dialogues. */
#ifndef CLADE_COMMANDS_H
#define CLADE_COMMANDS_H

struct ui;

/* commands.c */
void command_quit(struct ui *ui);
void command_up(struct ui *ui);
void command_down(struct ui *ui);
void command_page_up(struct ui *ui);
void command_page_down(struct ui *ui);
void command_first(struct ui *ui);
void command_last(struct ui *ui);
void command_open(struct ui *ui);
void command_close(struct ui *ui);
void command_toggle_all(struct ui *ui);
void command_shallower(struct ui *ui);
void command_deeper(struct ui *ui);
void command_tag(struct ui *ui);
void command_tag_tree(struct ui *ui);
void command_untag_all(struct ui *ui);
void command_search_next(struct ui *ui);
void command_search_previous(struct ui *ui);
void command_tree(struct ui *ui);
void command_invert(struct ui *ui);
void command_sort_cpu(struct ui *ui);
void command_sort_memory(struct ui *ui);
void command_sort_age(struct ui *ui);
void command_sort_growth(struct ui *ui);
void command_follow(struct ui *ui);
void command_pause(struct ui *ui);
void command_redraw(struct ui *ui);
void command_clear(struct ui *ui);

/* kill.c */
void command_kill(struct ui *ui);

/* nice.c */
void command_nicer(struct ui *ui);
void command_less_nice(struct ui *ui);
void command_io(struct ui *ui);

/* notes.c */
void command_notes(struct ui *ui);

/* details.c */
void command_help(struct ui *ui);
void command_details(struct ui *ui);

/* play.c */
void command_step_forwards(struct ui *ui);
void command_step_back(struct ui *ui);
void command_next_verdict(struct ui *ui);
void command_previous_verdict(struct ui *ui);
void command_faster(struct ui *ui);
void command_slower(struct ui *ui);
void command_go_to(struct ui *ui);

/* input.c */
void command_search(struct ui *ui);
void command_filter(struct ui *ui);
void command_pid(struct ui *ui);

/* environment.c */
void command_environment(struct ui *ui);

/* save.c */
void command_save(struct ui *ui);

/* setup.c */
void command_setup(struct ui *ui);

/* menu.c */
void command_sort(struct ui *ui);
void command_states(struct ui *ui);
void command_users(struct ui *ui);

#endif

/* Owners' figures: their own and with all that nest in them. Pure and linear. */
#ifndef CLADE_GROUP_H
#define CLADE_GROUP_H

#include "clade/model.h"

/* Links model->groups and lists each owner's processes in model->by_owner. Births and deaths must
 * stand in own already. */
int groups_make(struct model *model);

#endif

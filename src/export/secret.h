/* What a secret looks like: by its name, by its form. Pure. */
#ifndef CLADE_SECRET_H
#define CLADE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whether what is called so is a secret: "--db-password", "API_KEY", "apiToken"; not
 * "--password-file", "max_tokens". */
bool secret_is_name(const char *name, size_t len);

/* Whether a header of that name authorises: all behind it is secret. */
bool secret_is_header(const char *name, size_t len);

/* Bytes of a token of a well-known service, or of a private key, that begins here; 0: none. */
size_t secret_token_len(const char *s, size_t len);

/* Whether nobody would choose this: long, and letters and digits without order. */
bool secret_is_random(const char *s, size_t len);

/* The same for a string with slashes, which may as well be a path. */
bool secret_is_base64(const char *s, size_t len);

/* How the value of a short option stands. */
enum secret_value {
	SECRET_NONE,
	SECRET_ATTACHED,  /* mysql -pVALUE */
	SECRET_NEXT,      /* redis-cli -a VALUE, or attached */
	SECRET_NEXT_USER, /* curl -u USER:VALUE: what stands behind the user */
};

/* What the option (with its dash) means to that program; `*flag_len` are the bytes of the flag. */
enum secret_value secret_of_option(const char *program, size_t program_len, const char *option,
				   size_t len, size_t *flag_len);

/* Whether secret_of_option() knows the program. */
bool secret_knows_program(const char *program, size_t len);

#endif

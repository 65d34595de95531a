/* Text: UTF-8 that came from somewhere else, character by character. */
#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include "core/bytes.h"

/* Bytes of the character at the front of text, its value in *code; 0: there is none that is valid
 * (RFC 3629: shortest form, no surrogates, at most U+10FFFF), or text is empty. */
size_t text_take(struct View text, uint32_t *code);

/*
 * False for what a terminal does not show as itself: what moves the cursor, turns text round, is
 * not seen, looks like a space and is none (so that two names look the same), or is nothing that
 * all agree on (private use, non-characters).
 */
bool text_is_shown(uint32_t code);

#endif

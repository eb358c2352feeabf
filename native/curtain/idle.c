#include "idle.h"
#include <stdlib.h>
#include <xcb/screensaver.h>

bool idle_ask(struct cover *cover, uint64_t *milliseconds) {
  if (!cover->has_saver) return false;
  xcb_screensaver_query_info_reply_t *reply = xcb_screensaver_query_info_reply(
      cover->x, xcb_screensaver_query_info(cover->x, cover->screens[0].info->root), NULL);
  if (reply == NULL) return false;
  *milliseconds = reply->ms_since_user_input;
  free(reply);
  return true;
}

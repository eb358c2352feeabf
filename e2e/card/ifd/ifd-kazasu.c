/*
 * Virtual readers for tests: a driver of pcsc-lite (IFD handler 3.0) without the poll delay of other virtual readers,
 * and whose readers can be plugged and unplugged.
 *
 * The device name is `usb:vid/pid:libudev:interface:P`, as for a USB reader; P is a path (see udev-kazasu.c). The reader is
 * plugged in while the file P.plugged exists. A card is a program that connects to the unix socket P.card. Each message is a
 * 16-bit big-endian length and a body: from the reader a body of one byte is control (0 power off, 1 power on, 2 reset,
 * 4 send the answer to reset), anything longer a command. Closing the connection pulls the card; a connection waits while
 * another card is in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ifdhandler.h>
#include <reader.h>

#define READERS 16
#define LONGEST 65535
/* As a real reader does, give up on a card that does not answer. */
#define ANSWER_MS 15000

enum { POWER_OFF = 0, POWER_ON = 1, RESET = 2, SEND_ATR = 4 };

struct reader {
  int used;
  char plugged[256];
  char socket[sizeof ((struct sockaddr_un *)0)->sun_path];
  int listening;
  int card;
  /* A card that left while another waited must be seen to leave by the service's watching thread, which asks for the
   * presence once between two waits; others ask too, without passing it on. So the next card is let in two waits later. */
  int waits_until_next;
  int wake[2];
  unsigned char atr[MAX_ATR_SIZE];
  DWORD atr_length;
};

static struct reader readers[READERS];
static pthread_mutex_t creating = PTHREAD_MUTEX_INITIALIZER;

static struct reader *find(DWORD lun) {
  DWORD number = lun >> 16;
  return number < READERS && readers[number].used ? &readers[number] : NULL;
}

static int is_plugged(const struct reader *r) { return access(r->plugged, F_OK) == 0; }

static void drop_card(struct reader *r) {
  if (r->card < 0) return;
  close(r->card);
  r->card = -1;
  r->waits_until_next = 2;
  r->atr_length = 0;
}

static int send_all(int to, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(to, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return -1;
    bytes += sent;
    length -= (size_t)sent;
  }
  return 0;
}

static int receive_all(int from, unsigned char *bytes, size_t length) {
  while (length > 0) {
    struct pollfd ready = {.fd = from, .events = POLLIN};
    int count = poll(&ready, 1, ANSWER_MS);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    ssize_t got = recv(from, bytes, length, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    bytes += got;
    length -= (size_t)got;
  }
  return 0;
}

static int send_message(struct reader *r, const unsigned char *body, size_t length) {
  static __thread unsigned char framed[2 + LONGEST];
  if (r->card < 0 || length > LONGEST) return -1;
  framed[0] = (unsigned char)(length >> 8);
  framed[1] = (unsigned char)length;
  memcpy(framed + 2, body, length);
  return send_all(r->card, framed, 2 + length);
}

/* Bytes of the body, at most `room`; the rest is lost. -1 when the card is gone. */
static long receive_message(struct reader *r, unsigned char *body, size_t room) {
  static __thread unsigned char whole[LONGEST];
  unsigned char head[2];
  if (r->card < 0 || receive_all(r->card, head, 2) < 0) return -1;
  size_t length = (size_t)head[0] << 8 | head[1];
  if (receive_all(r->card, whole, length) < 0) return -1;
  if (length > room) length = room;
  memcpy(body, whole, length);
  return (long)length;
}

static int control(struct reader *r, unsigned char what) { return send_message(r, &what, 1); }

static RESPONSECODE wait_for_card(DWORD lun, int timeout) {
  struct reader *r = find(lun);
  if (r == NULL || !is_plugged(r)) return IFD_NO_SUCH_DEVICE;
  if (r->waits_until_next > 0) {
    r->waits_until_next--;
    timeout = 0;
  }
  struct pollfd fds[2] = {{.fd = r->wake[0], .events = POLLIN}, {.fd = r->listening, .events = POLLIN}};
  if (r->card >= 0) {
    fds[1].fd = r->card;
    fds[1].events = POLLRDHUP;
  }
  poll(fds, 2, timeout);
  char byte;
  while (read(r->wake[0], &byte, 1) == 1) continue;
  return IFD_SUCCESS;
}

static RESPONSECODE stop_waiting(DWORD lun) {
  struct reader *r = find(lun);
  if (r == NULL) return IFD_COMMUNICATION_ERROR;
  return write(r->wake[1], "", 1) == 1 ? IFD_SUCCESS : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName) {
  DWORD number = Lun >> 16;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = strstr(DeviceName, ":libudev:");
  if (path != NULL) path = strchr(path + strlen(":libudev:"), ':');
  if (number >= READERS || path == NULL) return IFD_COMMUNICATION_ERROR;
  path++;
  int length = snprintf(address.sun_path, sizeof address.sun_path, "%s.card", path);
  if (length >= (int)sizeof address.sun_path) return IFD_COMMUNICATION_ERROR;
  struct reader *r = &readers[number];
  memset(r, 0, sizeof *r);
  r->card = -1;
  snprintf(r->plugged, sizeof r->plugged, "%s.plugged", path);
  if (!is_plugged(r)) return IFD_NO_SUCH_DEVICE;
  strcpy(r->socket, address.sun_path);
  pthread_mutex_lock(&creating);
  unlink(address.sun_path);
  r->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int ready = r->listening >= 0 && bind(r->listening, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(r->listening, 8) == 0 && pipe2(r->wake, O_CLOEXEC | O_NONBLOCK) == 0;
  r->used = ready;
  pthread_mutex_unlock(&creating);
  if (ready) return IFD_SUCCESS;
  if (r->listening >= 0) close(r->listening);
  return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel) {
  (void)Lun;
  (void)Channel;
  return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHCloseChannel(DWORD Lun) {
  struct reader *r = find(Lun);
  if (r == NULL) return IFD_COMMUNICATION_ERROR;
  r->used = 0;
  if (r->card >= 0) close(r->card);
  close(r->listening);
  unlink(r->socket);
  close(r->wake[0]);
  close(r->wake[1]);
  return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value) {
  struct reader *r = find(Lun);
  void *function = NULL;
  unsigned char number = 1;
  switch (Tag) {
    case TAG_IFD_ATR:
    case SCARD_ATTR_ATR_STRING:
      if (r == NULL || *Length < r->atr_length) return IFD_COMMUNICATION_ERROR;
      memcpy(Value, r->atr, r->atr_length);
      *Length = r->atr_length;
      return IFD_SUCCESS;
    case TAG_IFD_SIMULTANEOUS_ACCESS:
      number = READERS;
      break;
    case TAG_IFD_THREAD_SAFE:
    case TAG_IFD_SLOTS_NUMBER:
      break;
    case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
      function = (void *)wait_for_card;
      break;
    case TAG_IFD_STOP_POLLING_THREAD:
      function = (void *)stop_waiting;
      break;
    default:
      return IFD_ERROR_TAG;
  }
  if (function != NULL) {
    if (*Length < sizeof function) return IFD_ERROR_INSUFFICIENT_BUFFER;
    memcpy(Value, &function, sizeof function);
    *Length = sizeof function;
    return IFD_SUCCESS;
  }
  if (*Length < 1) return IFD_ERROR_INSUFFICIENT_BUFFER;
  *Value = number;
  *Length = 1;
  return IFD_SUCCESS;
}

RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value) {
  (void)Lun;
  (void)Tag;
  (void)Length;
  (void)Value;
  return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3) {
  (void)Lun;
  (void)Protocol;
  (void)Flags;
  (void)PTS1;
  (void)PTS2;
  (void)PTS3;
  return IFD_SUCCESS;
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength) {
  struct reader *r = find(Lun);
  if (r == NULL) return IFD_COMMUNICATION_ERROR;
  *AtrLength = 0;
  if (Action == IFD_POWER_DOWN) {
    control(r, POWER_OFF);
    return IFD_SUCCESS;
  }
  if (Action != IFD_POWER_UP && Action != IFD_RESET) return IFD_NOT_SUPPORTED;
  long length = -1;
  if (control(r, Action == IFD_RESET ? RESET : POWER_ON) == 0 && control(r, SEND_ATR) == 0)
    length = receive_message(r, r->atr, sizeof r->atr);
  if (length < 0) drop_card(r);
  if (length <= 0) return IFD_ERROR_POWER_ACTION;
  r->atr_length = (DWORD)length;
  memcpy(Atr, r->atr, r->atr_length);
  *AtrLength = r->atr_length;
  return IFD_SUCCESS;
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
                               PDWORD RxLength, PSCARD_IO_HEADER RecvPci) {
  struct reader *r = find(Lun);
  (void)SendPci;
  (void)RecvPci;
  long length = -1;
  if (r != NULL && send_message(r, TxBuffer, TxLength) == 0) length = receive_message(r, RxBuffer, *RxLength);
  *RxLength = 0;
  if (length < 0) {
    if (r != NULL) drop_card(r);
    return IFD_COMMUNICATION_ERROR;
  }
  *RxLength = (DWORD)length;
  return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
                         DWORD RxLength, LPDWORD pdwBytesReturned) {
  (void)Lun;
  (void)dwControlCode;
  (void)TxBuffer;
  (void)TxLength;
  (void)RxBuffer;
  (void)RxLength;
  *pdwBytesReturned = 0;
  return IFD_ERROR_NOT_SUPPORTED;
}

RESPONSECODE IFDHICCPresence(DWORD Lun) {
  struct reader *r = find(Lun);
  if (r == NULL || !is_plugged(r)) return IFD_NO_SUCH_DEVICE;
  if (r->card >= 0) {
    unsigned char byte;
    ssize_t got = recv(r->card, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0 || (got < 0 && errno == EAGAIN)) return IFD_ICC_PRESENT;
    drop_card(r);
  }
  if (r->waits_until_next > 0) return IFD_ICC_NOT_PRESENT;
  r->card = accept4(r->listening, NULL, NULL, SOCK_CLOEXEC);
  return r->card >= 0 ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

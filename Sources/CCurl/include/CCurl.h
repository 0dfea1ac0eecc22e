#pragma once
#include <curl/curl.h>
// Not libcurl's: mallopt, which the Glibc module leaves out.
#include <malloc.h>
#include <stddef.h>

// Only what Swift cannot call: libcurl's variadic functions, one for each kind of argument.

static inline CURLcode mc_setopt_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode mc_setopt_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

// The pointer's target is copied by libcurl for strings and kept by the caller for everything else.
static inline CURLcode mc_setopt_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl_easy_setopt(easy, option, value);
}

typedef size_t (*mc_transfer)(char *buffer, size_t size, size_t count, void *context);

static inline CURLcode mc_setopt_transfer(CURL *easy, CURLoption option, mc_transfer function) {
  return curl_easy_setopt(easy, option, function);
}

typedef int (*mc_progress)(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

static inline CURLcode mc_setopt_progress(CURL *easy, CURLoption option, mc_progress function) {
  return curl_easy_setopt(easy, option, function);
}

static inline CURLcode mc_getinfo_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode mc_getinfo_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode mc_getinfo_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "ops/ops.h"

int main(int argc, char** argv) {
  weightroom::ops::init();
  doctest::Context context(argc, argv);
  return context.run();
}

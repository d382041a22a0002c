/** Every system package the project needs, in one place. `probe`: how to see that it is there. */
export const systemPackages = {
  /** To build the engine. */
  build: {
    debian: ['cmake', 'ninja-build', 'g++', 'libdnnl-dev', 'libhwy-dev', 'libsleef-dev', 'libeigen3-dev', 'doctest-dev'],
    homebrew: ['cmake', 'ninja', 'onednn', 'highway', 'sleef', 'eigen', 'libomp', 'doctest'],
    vcpkg: ['onednn', 'highway', 'sleef', 'eigen3', 'doctest'],
  },
  /** To run VS Code's own server and a browser: tests in the real editor, and `npm start` without `code` on the PATH. libvulkan1: chromium's software driver serves as a GPU. */
  editor: {
    debian: ['chromium', 'libvulkan1', 'libkrb5-dev', 'libsecret-1-dev', 'libx11-dev', 'libxkbfile-dev', 'pkg-config', 'python3', 'make'],
    homebrew: ['chromium', 'krb5', 'pkg-config'],
    vcpkg: [],
  },
};

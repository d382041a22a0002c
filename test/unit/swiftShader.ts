/** To be imported first: the software Vulkan driver beside Debian's chromium stands in for a GPU where it is installed. */
import fs from 'node:fs';
import path from 'node:path';

const driver = ['/usr/lib/chromium', '/usr/lib/chromium-browser'].map((d) => path.join(d, 'vk_swiftshader_icd.json')).find((f) => fs.existsSync(f));
if (driver !== undefined) process.env['VK_DRIVER_FILES'] = process.env['VK_ICD_FILENAMES'] = driver;

"""PSNR and SSIM, the protocol under which they are comparable, and NIQE."""

"""PSNR and SSIM, and the protocol under which they are comparable."""

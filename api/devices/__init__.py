"""Keys that never leave the device they are on (PKCS #11, GM/T 0018's counterpart for cards and modules)."""

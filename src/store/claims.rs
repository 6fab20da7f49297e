//! Which process makes a call: a lock on one byte of a file, whose place is the key's.
//!
//! Such a lock belongs to the open file (`F_OFD_SETLK`), and the kernel takes it away when the process ends, however it
//! ends. So nothing is left behind by a kill, and nobody has to tell a living owner from a dead one. The file stays empty.

use super::Key;
use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

/// The claims of this process.
#[derive(Debug, Clone)]
pub struct Claims(Arc<File>);

impl Claims {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(super::folder::FILE_MODE);
        options.custom_flags(libc::O_NOFOLLOW).open(path).map(|file| Self(Arc::new(file)))
    }

    /// The claim, if no other process has it.
    pub fn take(&self, key: Key) -> io::Result<Option<Claim>> {
        match self.set(libc::F_WRLCK, key) {
            Ok(()) => Ok(Some(Claim { claims: self.clone(), key })),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    fn set(&self, kind: libc::c_int, key: Key) -> Result<(), Errno> {
        let lock = libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: key.offset(),
            l_len: 1,
            l_pid: 0,
        };
        fcntl(&*self.0, FcntlArg::F_OFD_SETLK(&lock)).map(drop)
    }
}

/// The right to make a call, until it is dropped.
#[derive(Debug)]
pub struct Claim {
    claims: Claims,
    key: Key,
}

impl Drop for Claim {
    fn drop(&mut self) {
        // It cannot fail for a lock that is held, and would end with the process.
        let _ = self.claims.set(libc::F_UNLCK, self.key);
    }
}

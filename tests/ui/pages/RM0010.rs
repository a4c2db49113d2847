use rama_runtime::prelude::*;
#[derive(Clone)]
pub struct Profile {
    name: String,
}

#[module]
pub struct Profiles {
    #[depot(hash_by = |edit| &edit.0)]
    edits: Depot<(u64, String)>,
    #[pstate(owner = edit)]
    profiles: PState<Map<u64, Profile>>,
}

topology! {
    impl Profiles {
        #[stream(source = edits)]
        async fn edit(&mut self, (user, name): (u64, String)) {
            self.profiles.key(&user).set(Profile { name });
        }
    }
}
fn main() {}

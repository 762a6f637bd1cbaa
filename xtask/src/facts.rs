//! The ABI facts of `abi/*.json`, as far as the generators need them. `abi/README.md` describes the data.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything `abi/` says.
pub struct Facts {
    pub interfaces: Interfaces,
    pub structs: Structs,
    pub constants: Constants,
    pub exports: Exports,
    /// `abi/sdk.json`: what MAPI sources use of the Windows SDK beyond the types above.
    pub sdk: BTreeMap<String, Vec<Constant>>,
}

impl Facts {
    /// Reads the data below `root`.
    pub fn read(root: &Path) -> Result<Self, String> {
        Ok(Self {
            interfaces: read(root, "interfaces.json")?,
            structs: read(root, "structs.json")?,
            constants: read(root, "constants.json")?,
            exports: read(root, "exports.json")?,
            sdk: read(root, "sdk.json")?,
        })
    }

    /// The interface called `name`; the data is closed under the names it uses.
    pub fn interface(&self, name: &str) -> &Interface {
        let found = self.interfaces.interfaces.iter().find(|i| i.name == name);
        found.unwrap_or_else(|| panic!("abi/interfaces.json has no {name}"))
    }

    /// The constants of every header, the SDK's first, each name once.
    pub fn distinct_constants(&self) -> Vec<(&str, Vec<&Constant>)> {
        let mut seen = std::collections::BTreeSet::new();
        let headers = self.sdk.iter().chain(&self.constants.headers);
        headers
            .map(|(header, constants)| {
                let new = constants.iter().filter(|c| seen.insert(&c.name)).collect();
                (header.as_str(), new)
            })
            .collect()
    }
}

fn read<T: DeserializeOwned>(root: &Path, name: &str) -> Result<T, String> {
    let path = root.join("abi").join(name);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

#[derive(Deserialize)]
pub struct Interfaces {
    pub interfaces: Vec<Interface>,
}

#[derive(Deserialize)]
pub struct Interface {
    pub name: String,
    pub iid: Option<String>,
    pub iid_symbol: Option<String>,
    /// The base class in C++.
    pub parent: Option<String>,
    /// The interface whose slot list is the start of this one's.
    pub vtable_extends: Option<String>,
    pub header: String,
    pub pointer_types: Vec<String>,
    pub methods: Vec<Method>,
}

impl Interface {
    /// The methods this interface adds to the one it extends.
    pub fn own_methods<'a>(&'a self, facts: &'a Facts) -> &'a [Method] {
        let inherited = self
            .vtable_extends
            .as_deref()
            .map_or(0, |base| facts.interface(base).methods.len());
        &self.methods[inherited..]
    }

    /// The interfaces this one extends, the nearest first.
    pub fn ancestors<'a>(&'a self, facts: &'a Facts) -> Vec<&'a Interface> {
        let base = |i: &'a Interface| {
            i.vtable_extends
                .as_deref()
                .map(|name| facts.interface(name))
        };
        std::iter::successors(base(self), |i| base(i)).collect()
    }
}

#[derive(Deserialize)]
pub struct Method {
    pub slot: usize,
    pub name: String,
    pub returns: String,
    pub params: Vec<Param>,
}

#[derive(Deserialize, Clone)]
pub struct Param {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub ctype: String,
}

#[derive(Deserialize)]
pub struct Structs {
    pub base_types: BTreeMap<String, BaseType>,
    pub scalar_typedefs: Vec<ScalarTypedef>,
    pub structs: Vec<Struct>,
    pub function_types: Vec<FunctionType>,
    pub enums: Vec<Enum>,
}

#[derive(Deserialize)]
pub struct BaseType {
    pub size: usize,
    pub size_x86: usize,
    pub kind: String,
}

#[derive(Deserialize)]
pub struct ScalarTypedef {
    pub name: String,
    #[serde(rename = "type")]
    pub ctype: String,
}

#[derive(Deserialize)]
pub struct Struct {
    pub name: String,
    pub tag: Option<String>,
    pub kind: String,
    pub header: String,
    pub aliases: Vec<String>,
    pub pointer_types: Vec<String>,
    pub pack: Option<usize>,
    pub size: usize,
    pub align: usize,
    pub size_x86: usize,
    pub align_x86: usize,
    /// Ends in an array of which only the first element is declared.
    pub variable_tail: bool,
    pub fields: Vec<Field>,
}

#[derive(Deserialize)]
pub struct Field {
    pub name: Option<String>,
    /// The C type; `struct` or `union` when `fields` describes it in place.
    #[serde(rename = "type")]
    pub ctype: String,
    pub offset: usize,
    pub offset_x86: usize,
    #[serde(default)]
    pub fields: Vec<Field>,
}

#[derive(Deserialize)]
pub struct FunctionType {
    pub name: String,
    pub header: String,
    /// `function`, or `pointer` where the header only names the pointer type.
    pub kind: String,
    pub calling_convention: String,
    pub returns: String,
    pub params: Vec<Param>,
}

#[derive(Deserialize)]
pub struct Enum {
    pub name: Option<String>,
    pub header: String,
    pub values: Vec<EnumValue>,
}

#[derive(Deserialize)]
pub struct EnumValue {
    pub name: String,
    pub value: u32,
}

#[derive(Deserialize)]
pub struct Constants {
    pub headers: BTreeMap<String, Vec<Constant>>,
    pub guids: Vec<Guid>,
    pub uids: Vec<Uid>,
}

#[derive(Deserialize)]
pub struct Constant {
    pub name: String,
    value: String,
    value_unicode: Option<String>,
    pub kind: String,
}

impl Constant {
    /// The value without `UNICODE`.
    pub fn value(&self) -> u32 {
        parse_hex(&self.value)
    }

    /// Whether `UNICODE` changes the value.
    pub fn depends_on_unicode(&self) -> bool {
        self.value_unicode.is_some()
    }

    /// The value with `UNICODE`.
    pub fn value_unicode(&self) -> u32 {
        parse_hex(self.value_unicode.as_ref().unwrap_or(&self.value))
    }
}

fn parse_hex(text: &str) -> u32 {
    let digits = text.strip_prefix("0x");
    digits
        .and_then(|d| u32::from_str_radix(d, 16).ok())
        .unwrap_or_else(|| panic!("{text} is no 32-bit number"))
}

#[derive(Deserialize)]
pub struct Guid {
    pub name: String,
    pub guid: String,
    pub header: String,
}

#[derive(Deserialize)]
pub struct Uid {
    pub name: String,
    pub header: String,
    /// Hexadecimal digits.
    pub bytes: String,
}

#[derive(Deserialize)]
pub struct Exports {
    pub exports: Vec<Export>,
    pub declared_not_exported: Vec<Export>,
}

#[derive(Deserialize)]
pub struct Export {
    pub name: String,
    pub signature: Option<String>,
    pub header: Option<String>,
    pub calling_convention: Option<String>,
    /// Whether mapi32 has it; Outlook's own library has more.
    #[serde(default)]
    pub in_mapi32: bool,
}

import { mount } from "svelte";
import App from "./App.svelte";
import "./base.css";
import { live } from "./live/connection.svelte";
import { startKeys } from "./live/keys.svelte";
import { router } from "./live/router.svelte";
import { theme } from "./live/theme.svelte";
import "./tokens.css";

const target = document.getElementById("app");
if (target === null) throw new Error("The page has no #app to be drawn in.");
theme.apply();
router.start();
startKeys();
live.start();
mount(App, { target });
